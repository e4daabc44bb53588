"""The file of the history: SQLite, so that many pipelines on one machine can write to it at a time.

`PRAGMA user_version` is the version of its tables. Each step of `_STEPS` brings a file from one version to the next, in
one transaction: whoever comes second finds it done. A file of a later version is left alone.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, fields
from pathlib import Path

from postflight.checks.weight.page import Kind
from postflight.checks.weight.release import FileWeight, Release
from postflight.errors import PostflightError
from postflight.history.model import Entry, Series
from postflight.model import Decision, Unit

BUSY = 10.0  # seconds that a writer waits for another one
KEPT = 100_000  # runs: the file stays bounded, the oldest go
FILES_KEPT = 2_000  # runs whose pages' files are kept: only the last release is ever compared with
_STEPS = (
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
)
_RUN = [each.name for each in fields(Entry) if each.name not in ("measured", "files")]
_SERIES = [each.name for each in fields(Series)]
_FILE = [each.name for each in fields(FileWeight)]


class HistoryUnavailable(PostflightError):
    """The history cannot be read or written; says nothing about a deployment, and decides nothing."""


class History:
    """The runs in one file. Open it with `History.at`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextlib.contextmanager
    def at(cls, path: Path, *, create: bool = True) -> Iterator["History"]:
        """Open the file, making it and its tables where they are missing. Raises `HistoryUnavailable`."""
        if not create and not path.is_file():
            raise HistoryUnavailable(f"there is no history at {path} yet: the gate and the watch write it at their end")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            address = _address(path, create=create)
            with contextlib.closing(
                sqlite3.connect(address, timeout=BUSY, isolation_level=None, uri=True)
            ) as connection:
                _migrate(connection, path)
                yield cls(connection)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"the history {path} cannot be used: {error}") from error

    def add(self, entry: Entry) -> None:
        """Keep a run. One that is there already stays as it is: a history is not rewritten."""
        with _transaction(self._connection):
            found = self._connection.execute(
                f"insert into runs ({_names(_RUN)}) values ({_marks(_RUN)}) on conflict do nothing",  # noqa: S608 - our own names
                [getattr(entry, name) for name in _RUN],
            )
            if found.rowcount:
                self._connection.executemany(
                    f"insert into measurements (run_id, {_names(_SERIES)}) values (?, {_marks(_SERIES)})",  # noqa: S608 - our own names
                    [(entry.run_id, *astuple(series)) for series in entry.measured],
                )
                self._connection.executemany(
                    f"insert or ignore into files (run_id, {_names(_FILE)}) values (?, {_marks(_FILE)})",  # noqa: S608 - our own names
                    [(entry.run_id, *astuple(file)) for file in entry.files],
                )
            self._forget("runs", KEPT)
            if entry.files:
                self._forget("files", FILES_KEPT)

    def _forget(self, table: str, newest: int) -> None:
        """Keep what belongs to the newest runs."""
        older = "select run_id from runs order by finished desc limit -1 offset ?"
        self._connection.execute(f"delete from {table} where run_id in ({older})", [newest])  # noqa: S608 - our own names

    def runs(self, *, since: float = 0.0, platform: str | None = None, environment: str | None = None) -> list[Entry]:
        """Return the runs that finished since then (Unix seconds), oldest first, with what they measured.

        Without their files: `files_of` has these.
        """
        rows = self._connection.execute(
            f"""
            select {_names(_RUN)} from runs
            where finished >= ?1 and (?2 is null or platform = ?2) and (?3 is null or environment = ?3)
            order by finished, run_id
            """,  # noqa: S608 - our own names
            [since, platform, environment],
        ).fetchall()
        return self._entries(rows, since)

    def latest(self, count: int, *, command: str, platform: str, environment: str, base_url: str) -> list[Entry]:
        """Return the last runs of a command against one target, oldest first, with what they measured."""
        rows = self._connection.execute(
            f"""
            select {_names(_RUN)} from runs
            where command = ? and platform = ? and environment = ? and (known or base_url = ?)
            order by finished desc, run_id desc limit ?
            """,  # noqa: S608 - our own names
            [command, platform, environment, base_url, count],
        ).fetchall()
        rows.reverse()
        return self._entries(rows, float(rows[0][_RUN.index("finished")]) if rows else 0.0)

    def _entries(self, rows: list[tuple[object, ...]], since: float) -> list[Entry]:
        """Return rows of the table `runs`, none of which finished before `since`, with what they measured."""
        measured: dict[str, list[Series]] = {str(row[0]): [] for row in rows}
        of_runs = f"select m.run_id, {_names(_SERIES)} from measurements m join runs using (run_id) where finished >= ?"  # noqa: S608 - our own names
        for run_id, *series in self._connection.execute(of_runs, [since]):
            if run_id in measured:
                measured[run_id].append(_series(series))
        return [_entry(row, tuple(measured[str(row[0])])) for row in rows]

    def weighed(self, run_id: str) -> bool:
        """Whether a run has weighed pages."""
        found = self._connection.execute("select exists (select 1 from files where run_id = ?)", [run_id]).fetchone()
        return bool(found[0])

    def files_of(self, run_id: str) -> tuple[FileWeight, ...]:
        """Return the files of the pages that a run has weighed, the largest first."""
        rows = self._connection.execute(
            f"select {_names(_FILE)} from files where run_id = ? order by route, wire desc, name",  # noqa: S608 - our own names
            [run_id],
        )
        return tuple(FileWeight(route, name, Kind(kind), wire, requests) for route, name, kind, wire, requests in rows)

    def last_release(self, platform: str, environment: str, base_url: str | None = None) -> Release | None:
        """Return each page's files in the newest run that was promoted here and has weighed it; None where none has.

        With `base_url` only of that address: what deployments.yaml does not know has one name for all.
        """
        newest = self._connection.execute(
            """
            select route, run_id, "release", max(finished) from runs join (select distinct run_id, route from files)
            using (run_id)
            where platform = ?1 and environment = ?2 and (?3 is null or base_url = ?3) and decision = ?4
            group by route order by 4 desc, route
            """,  # of a group, SQLite takes the row that has the maximum
            [platform, environment, base_url, Decision.PROMOTE.value],
        ).fetchall()
        if not newest:
            return None
        runs = {str(run_id): str(release) or f"run {run_id}" for _, run_id, release, _ in newest}
        of = {str(route): str(run_id) for route, run_id, _, _ in newest}
        files = tuple(file for run_id in runs for file in self.files_of(run_id) if of.get(file.route) == run_id)
        name, *older = runs.values()
        return Release(f"{name} (some pages {', '.join(older)})" if older else name, files)


def _address(path: Path, *, create: bool) -> str:
    """Return the file as SQLite is to open it: as it lies there where we may only read it.

    Whoever only reads a history writes files beside it, too (WAL), and a pipeline may have it from a read-only mount.
    """
    writable = create or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    return path.absolute().as_uri() + ("" if writable else "?immutable=1")


def _entry(row: tuple[object, ...], measured: tuple[Series, ...]) -> Entry:
    values = dict(zip(_RUN, row, strict=True))
    values |= {"decision": Decision(str(values["decision"])), "known": bool(values["known"])}
    return Entry(**values, measured=measured)  # type: ignore[arg-type]  # the table is strict: the types are those of `Entry`


def _series(row: list[object]) -> Series:
    values = dict(zip(_SERIES, row, strict=True))
    values |= {"unit": Unit(str(values["unit"])), "met": None if values["met"] is None else bool(values["met"])}
    return Series(**values)  # type: ignore[arg-type]  # likewise


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("pragma foreign_keys = on")
    if _version(connection) == len(_STEPS):
        return
    with contextlib.suppress(sqlite3.OperationalError):  # somebody else is doing it at this moment
        connection.execute("pragma journal_mode = wal")
    with _transaction(connection):
        version = _version(connection)
        if version > len(_STEPS):
            raise HistoryUnavailable(
                f"the history {path} is of version {version}, and this Postflight knows {len(_STEPS)}: use a newer one"
            )
        for step in _STEPS[version:]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {len(_STEPS)}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("pragma user_version").fetchone()
    return int(version)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the one place for writers at once, so that nobody finds out half way that another has changed the file."""
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _names(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _marks(columns: list[str]) -> str:
    return ", ".join("?" for _ in columns)
