"""What the database of a deployment has: columns and migrations, read only, through the secret `database_url`.

Needs psycopg: `pip install 'postflight[watch]'`. That we cannot reach or enter it says nothing about the deployment,
whose own health document tells whether it can: databases are often closed to a pipeline's runner.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

from postflight.errors import CannotMeasure, ConfigError
from postflight.model import DatabaseSchema, Deployment, Migration
from postflight.redact import Redactor

if TYPE_CHECKING:  # it is an extra
    from psycopg import Connection

DEADLINE = 5  # seconds, for the connection and again for each query
APPLICATION = "postflight"  # the name of our sessions: other runs of Postflight are no part of the platform
# the last one: a server that ends idle transactions would end ours, which waits between two looks
_OPTIONS = (
    f"-c default_transaction_read_only=on -c statement_timeout={DEADLINE}s -c idle_in_transaction_session_timeout=0"
)
# of a relation by the name that a client would use: a table, partitioned table, view, materialised view, foreign table
_COLUMNS: LiteralString = """
    select attname from pg_attribute join pg_class on pg_class.oid = attrelid
    where attrelid = to_regclass(%s) and relkind in ('r', 'p', 'v', 'm', 'f') and attnum > 0 and not attisdropped
"""
_MADE_LAST_DAY: LiteralString = """
    select count(*) from {table} where {column} > now() - interval '24 hours' and {column} <= now()
"""
_HAS_ROW: LiteralString = "select exists (select from {table} where {column}::text = %s)"


def find_missing(deployment: Deployment, expected: DatabaseSchema, redactor: Redactor) -> list[str]:
    """Return in words what the database lacks: `column files.updated_at`. Empty: it has all of it.

    Raises `CannotMeasure` when it cannot be asked; `ConfigError` when nothing says where it is.
    """
    with open_database(deployment, redactor) as connection:
        missing = _missing_columns(connection, expected.tables)
        if expected.migration is not None:
            missing += _missing_migration(connection, expected.migration)
        return missing


def count_last_day(deployment: Deployment, table: str, column: str, redactor: Redactor) -> int:
    """Return how many rows were made in the last 24 hours, by the database's clock. Raises as `find_missing`."""
    with open_database(deployment, redactor) as connection:
        from psycopg import sql

        names = {"table": sql.Identifier(*table.split(".")), "column": sql.Identifier(column)}
        row = connection.execute(sql.SQL(_MADE_LAST_DAY).format(**names)).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def open_database(deployment: Deployment, redactor: Redactor) -> Iterator["Connection[Any]"]:
    """Open the database to be read. What goes wrong until it is closed says nothing about the deployment."""
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise CannotMeasure("reading a database needs psycopg: pip install 'postflight[watch]'") from error
    url = deployment.secrets.get("database_url")
    if url is None:
        where = f"{deployment.platform}/{deployment.environment}"
        raise ConfigError(
            f"{where} has a database to verify (`database:` or `database_connections:`), but its secret database_url is"
            " missing",
            expected="an environment variable with the URL of a role that may read, named under `secrets:`",
            where="deployments.yaml",
        )
    try:
        with psycopg.connect(
            url.reveal(), autocommit=True, connect_timeout=DEADLINE, options=_OPTIONS, application_name=APPLICATION
        ) as connection:
            yield connection
    except psycopg.Error as error:
        said = str(error).strip().partition("\n")[0]
        if "unsupported startup parameter" in said:
            said += "; that is a pooler, and database_url must lead to the server itself"
        raise CannotMeasure(redactor.text(f"the database cannot be asked ({url}): {said}")) from None


def _missing_columns(connection: "Connection[Any]", tables: Mapping[str, tuple[str, ...]]) -> list[str]:
    missing = []
    for table, columns in tables.items():
        found = {str(name) for (name,) in connection.execute(_COLUMNS, [_quoted(table)])}
        if not found:
            missing.append(f"table {table}")
        else:
            missing += [f"column {table}.{column}" for column in columns if column not in found]
    return missing


def _missing_migration(connection: "Connection[Any]", migration: Migration) -> list[str]:
    from psycopg import errors, sql

    table, column = sql.Identifier(*migration.table.split(".")), sql.Identifier(migration.column)
    try:
        row = connection.execute(sql.SQL(_HAS_ROW).format(table=table, column=column), [migration.value]).fetchone()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        row = None
    return [] if row and row[0] else [f"migration {migration.value} in {migration.table}.{migration.column}"]


def _quoted(table: str) -> str:
    return ".".join(f'"{part}"' for part in table.split("."))
