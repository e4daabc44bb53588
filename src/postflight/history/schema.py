"""The tables of the history, version by version.

`PRAGMA user_version` is the version of a file. Each step of `STEPS` brings it from one version to the next, in one
transaction: whoever comes second finds it done. A file of a later version is left alone.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from postflight.errors import PostflightError

STEPS = (
    """
    create table runs (
        run_id text primary key, command text not null,
        platform text not null, environment text not null, base_url text not null, known integer not null,
        started real not null, finished real not null,
        decision text not null, exit_code integer not null,
        "release" text not null, reason text not null, "by" text not null, link text not null, acted text not null,
        postflight text not null
    ) strict;
    create index runs_finished on runs (finished);
    create table measurements (
        run_id text not null references runs on delete cascade,
        metric text not null, unit text not null, samples integer not null,
        least real not null, median real not null, worst real not null, "limit" text not null, met integer,
        primary key (run_id, metric, unit)
    ) strict, without rowid;
    """,
    """
    create table files (
        run_id text not null references runs on delete cascade,
        route text not null, name text not null, kind text not null, wire integer not null, requests integer not null,
        primary key (run_id, route, kind, name)
    ) strict, without rowid;
    """,
    # what was measured with. Runs from before this do not say: their measurements are of no kind, so of no other's
    """
    alter table runs add column browser text not null default '';
    alter table runs add column host text not null default '';
    create table kinds (
        id integer primary key, browser text not null, host text not null, unique (browser, host)
    ) strict;
    alter table measurements add column kind integer references kinds;
    """,
)


class HistoryUnavailable(PostflightError):
    """The history cannot be read or written; says nothing about a deployment, and decides nothing."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the version that is known here. Raises `HistoryUnavailable` for a later one."""
    connection.execute("pragma foreign_keys = on")
    if _version(connection) == len(STEPS):
        return
    with contextlib.suppress(sqlite3.OperationalError):  # somebody else is doing it at this moment
        connection.execute("pragma journal_mode = wal")
    with transaction(connection):
        version = _version(connection)
        if version > len(STEPS):
            raise HistoryUnavailable(
                f"the history {path} is of version {version}, and this Postflight knows {len(STEPS)}: use a newer one"
            )
        for step in STEPS[version:]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {len(STEPS)}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("pragma user_version").fetchone()
    return int(version)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the one place for writers at once, so that nobody finds out half way that another has changed the file."""
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
