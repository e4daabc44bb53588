"""The database: made, filled with the schema, and spoken to as the service, as a user, or as anybody."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from reference.faults import HEALTH_LIES, MIGRATION_NOT_RUN, MISSING_COLUMN, SESSION_VISIBLE, Fault
from reference.postgres import PostgresUnavailable, Server

Connection = psycopg.AsyncConnection[DictRow]

_CONNECT_DEADLINE = 30.0  # seconds, for a server that has just been started
_CONNECT_TIMEOUT = 5  # seconds, for one attempt
_QUERY_DEADLINE = 5.0
_MAX_CONNECTIONS = 10
_ROLES_LOCK = 7_110_211  # roles belong to the whole server, and two runs may make them at once

_MAKE_ROLES: LiteralString = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
    execute format('grant anon, authenticated to %I', current_user);
end $$
"""

# What a fault does to the database; here a bug in a policy or a grant is the real thing.
_SABOTAGE: dict[Fault, LiteralString] = {
    SESSION_VISIBLE: "create policy everybody on preview_sessions for select to authenticated using (true)",
    HEALTH_LIES: "revoke all on projects, files from authenticated",
    MISSING_COLUMN: "alter table csp_reports drop column received_at",
    MIGRATION_NOT_RUN: "delete from schema_migrations",
}


async def create_database(server: Server, name: str, faults: frozenset[Fault]) -> str:
    """Make the database with roles, tables and policies, and return its URL. Raises `PostgresUnavailable`."""
    async with await _connect(server.url, patience=0 if server.borrowed else _CONNECT_DEADLINE) as admin:
        await admin.execute("select pg_advisory_lock(%s)", [_ROLES_LOCK])
        await admin.execute(_MAKE_ROLES)
        await admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    url = server.database_url(name)
    schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
    async with await _connect(url, patience=0) as connection, connection.transaction():
        await connection.execute(schema.encode())
        for fault, statement in _SABOTAGE.items():
            if fault in faults:
                await connection.execute(statement)
    return url


async def _connect(url: str, *, patience: float) -> Connection:
    """Connect; for `patience` seconds wait for a server that is still starting."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return await psycopg.AsyncConnection.connect(
                url, autocommit=True, row_factory=dict_row, connect_timeout=_CONNECT_TIMEOUT
            )
        except psycopg.OperationalError as error:
            if time.monotonic() >= deadline:
                raise PostgresUnavailable(f"PostgreSQL does not answer: {error}") from None
        await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Database:
    """Transactions in three roles. Each waits at most `_QUERY_DEADLINE` for a connection, and each query as long."""

    url: str
    _pool: AsyncConnectionPool[Connection]

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Connection]:
        """Open a transaction that passes by row-level security: for the platform's own work."""
        async with self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def user(self, user_id: UUID) -> AsyncIterator[Connection]:
        """Open a transaction that sees what this user may see."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "select set_config('role', 'authenticated', true), set_config('request.user_id', %s, true)",
                [str(user_id)],
            )
            yield connection

    @asynccontextmanager
    async def anybody(self) -> AsyncIterator[Connection]:
        """Open a transaction that may do what a stranger may."""
        async with self._pool.connection() as connection:
            await connection.execute("select set_config('role', 'anon', true)")
            yield connection

    async def is_healthy(self) -> bool:
        """Ask the server for an answer."""
        try:
            async with asyncio.timeout(2), self.service() as connection:
                await connection.execute("select 1")
        except (psycopg.Error, TimeoutError):
            return False
        return True


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open connections to the database at `url`, and close them in the end."""
    pool = AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[DictRow],
        kwargs={"row_factory": dict_row, "options": f"-c statement_timeout={_QUERY_DEADLINE * 1000:.0f}"},
        min_size=1,
        max_size=_MAX_CONNECTIONS,
        timeout=_QUERY_DEADLINE,
        open=False,
    )
    await pool.open()
    try:
        yield Database(url, pool)
    finally:
        await pool.close()


async def fetch_one(connection: Connection, query: LiteralString, parameters: Sequence[Any] = ()) -> DictRow | None:
    """Return the first row, or None."""
    return await (await connection.execute(query, parameters)).fetchone()


async def fetch_all(connection: Connection, query: LiteralString, parameters: Sequence[Any] = ()) -> list[DictRow]:
    """Return all rows: bound them in the query."""
    return await (await connection.execute(query, parameters)).fetchall()
