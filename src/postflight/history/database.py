"""The file of the history: SQLite, so that many pipelines on one machine can write at a time. Its tables: `schema`."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, fields
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from postflight.checks.run_kind import RunKind
from postflight.checks.weight.page import Kind
from postflight.checks.weight.release import FileWeight, Release
from postflight.history.model import Entry, Series
from postflight.history.schema import HistoryUnavailable, migrate, transaction
from postflight.model import Decision, Unit

Word = TypeVar("Word", bound=StrEnum)

BUSY = 10.0  # seconds that a writer waits for another one
KEPT = 100_000  # runs: the file stays bounded, the oldest go
FILES_KEPT = 2_000  # runs whose pages' files are kept: only the last release is ever compared with
_RUN = [each.name for each in fields(Entry) if each.name not in ("measured", "files")]
_SERIES = [each.name for each in fields(Series) if each.name != "kind"]
_FILE = [each.name for each in fields(FileWeight)]


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
                migrate(connection, path)
                yield cls(connection)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"the history {path} cannot be used: {error}") from error

    def add(self, entry: Entry) -> None:
        """Keep a run. One that is there already stays as it is: a history is not rewritten."""
        with transaction(self._connection):
            found = self._connection.execute(
                f"insert into runs ({_names(_RUN)}) values ({_marks(_RUN)}) on conflict do nothing",  # noqa: S608 - our own names
                [getattr(entry, name) for name in _RUN],
            )
            if found.rowcount:
                ids = {series.kind: self._id_of(series.kind) for series in entry.measured}
                self._connection.executemany(
                    f"insert into measurements (run_id, kind, {_names(_SERIES)}) values (?, ?, {_marks(_SERIES)})",  # noqa: S608 - our own names
                    [
                        (entry.run_id, ids[series.kind], *(getattr(series, name) for name in _SERIES))
                        for series in entry.measured
                    ],
                )
                self._connection.executemany(
                    f"insert or ignore into files (run_id, {_names(_FILE)}) values (?, {_marks(_FILE)})",  # noqa: S608 - our own names
                    [(entry.run_id, *astuple(file)) for file in entry.files],
                )
            self._forget("runs", KEPT)
            if entry.files:
                self._forget("files", FILES_KEPT)

    def _id_of(self, kind: RunKind | None) -> int | None:
        """Return the number by which measurements name their kind."""
        if kind is None:
            return None
        names = [kind.browser, kind.host]
        self._connection.execute("insert into kinds (browser, host) values (?, ?) on conflict do nothing", names)
        (found,) = self._connection.execute("select id from kinds where browser = ? and host = ?", names).fetchone()
        return int(found)

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
        rows_of = self._connection.execute(
            f"""
            select m.run_id, m.kind, {_names(_SERIES)} from measurements m join runs using (run_id) where finished >= ?
            """,  # noqa: S608 - our own names
            [since],
        )
        kinds = {
            int(number): RunKind(browser, host)
            for number, browser, host in self._connection.execute("select id, browser, host from kinds")
        }
        for run_id, kind, *series in rows_of:
            if run_id in measured:
                measured[run_id].append(_series(series, kinds.get(kind)))
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
        return tuple(
            FileWeight(route, name, _known(Kind, kind), wire, requests) for route, name, kind, wire, requests in rows
        )

    def last_release(self, platform: str, environment: str, base_url: str | None = None) -> Release | None:
        """Return the files of the last release that was promoted here and has weighed pages; None where there is none.

        Each page's are those of the newest run that weighed it: one that looked at a single page hides no other. What
        was rolled back afterwards is no measure. With `base_url` only of that address: what deployments.yaml does not
        know has one name for all. The newest run is the one that came in last, whatever the clocks of runners said.
        """
        pages = self._connection.execute(
            """
            select route, runs.run_id, "release", browser, max(runs.rowid) as place from runs join files using (run_id)
            where platform = ?1 and environment = ?2 and (?3 is null or base_url = ?3) and decision = ?4
                and not exists (
                    select 1 from runs later where later.rowid > runs.rowid and later.decision = ?5
                        and later.platform = ?1 and later.environment = ?2
                        and later."release" = runs."release" and later."release" != ''
                )
            group by route order by place desc, route
            """,
            [platform, environment, base_url, Decision.PROMOTE.value, Decision.ROLLBACK.value],
        ).fetchall()
        if not pages:
            return None
        names = {str(route): str(release or f"run {run_id}") for route, run_id, release, _, _ in pages}
        name = next(iter(names.values()))
        older = ", ".join(f"{route}: {one}" for route, one in names.items() if one != name)
        browsers = {str(browser) for _, _, _, browser, _ in pages}
        files = tuple(file for route, run_id, *_ in pages for file in self.files_of(run_id) if file.route == route)
        return Release(f"{name} ({older})" if older else name, files, browsers.pop() if len(browsers) == 1 else "")


def _address(path: Path, *, create: bool) -> str:
    """Return the file as SQLite is to open it: as it lies there where we may only read it.

    Whoever only reads a history writes files beside it, too (WAL), and a pipeline may have it from a read-only mount.
    """
    writable = create or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    return path.absolute().as_uri() + ("" if writable else "?immutable=1")


def _entry(row: tuple[object, ...], measured: tuple[Series, ...]) -> Entry:
    values = dict(zip(_RUN, row, strict=True))
    values |= {"decision": _known(Decision, values["decision"]), "known": bool(values["known"])}
    return Entry(**values, measured=measured)  # type: ignore[arg-type]  # the table is strict: the types are those of `Entry`


def _series(row: list[object], kind: RunKind | None) -> Series:
    values = dict(zip(_SERIES, row, strict=True))
    values |= {"unit": _known(Unit, values["unit"]), "met": None if values["met"] is None else bool(values["met"])}
    return Series(**values, kind=kind)  # type: ignore[arg-type]  # likewise


def _known(words: type[Word], value: object) -> Word:
    try:
        return words(str(value))
    except ValueError as error:
        raise HistoryUnavailable(f"the history tells of {error}: has a newer Postflight written it?") from error


def _names(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _marks(columns: list[str]) -> str:
    return ", ".join("?" for _ in columns)
