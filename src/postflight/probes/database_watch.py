"""Watches a database while requests are sent: its sessions every few milliseconds, its counters before and after.

Read only, through the secret `database_url`. What a session does is seen by roles with `pg_read_all_stats` (or
`pg_monitor`) and by the session's own; the counters by everybody.

PostgreSQL's processes tell their counters at the end of a transaction, and at most once a second. So before and after a
series there is a pause, and as many more requests as there are sessions, since a pool hands them out in turns. All that
we ask is one transaction, whose counters are told after it: else our own hundreds of looks would be among the
transactions that are counted. (At this level of isolation it holds no row back from a vacuum while it waits.)
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

from postflight.checks.database import Session, Statement, Watched, without_literals
from postflight.model import Deployment
from postflight.probes.database import APPLICATION, open_database
from postflight.redact import Redactor

if TYPE_CHECKING:  # it is an extra
    from psycopg import Connection

PARTS = 3  # of a series, in each of which a leak must grow
_EVERY = 0.01  # seconds between two looks
_MOST_SETTLED = 20  # requests that bring counters along
_TOLD_AFTER = 1.2  # seconds after which a process tells its counters again
# statistics are read once in a transaction, and kept, unless they are cleared
_FRESH: LiteralString = "select pg_stat_clear_snapshot()"
# of what they may not see, roles are told neither the type nor the state; `disabled` is a state that nobody sees
_SESSIONS: LiteralString = """
    select pid, coalesce(nullif(state, 'disabled'), ''), extract(epoch from clock_timestamp() - state_change)::float8,
           extract(epoch from clock_timestamp() - query_start)::float8, coalesce(query, ''),
           coalesce(application_name, '')
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name is distinct from %s
          and coalesce(backend_type, 'client backend') = 'client backend'
"""
_ELSEWHERE: LiteralString = """
    select count(*) from pg_stat_activity where datname is not null and datname <> current_database()
"""
_COUNTERS: LiteralString = """
    select xact_commit + xact_rollback, (to_jsonb(d) ->> 'active_time')::float8 / 1000
    from pg_stat_database d where datname = current_database()
"""
_SCANS: LiteralString = "select relname, seq_scan + coalesce(idx_scan, 0) from pg_stat_user_tables"
_MOST: LiteralString = """
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
"""
_HAS_STATEMENTS: LiteralString = "select to_regclass('pg_stat_statements') is not null"
# by name of the column, which was total_time before version 13; a statement has a row for each role that runs it
_STATEMENTS: LiteralString = """
    select queryid::text, min(query), sum(calls)::float8,
           sum(coalesce(to_jsonb(s) ->> 'total_exec_time', to_jsonb(s) ->> 'total_time')::float8) / 1000
    from pg_stat_statements s
    where dbid = (select oid from pg_database where datname = current_database()) and queryid is not null
          and query not like '%pg_stat%'
    group by queryid
"""
_Calls = dict[str, tuple[str, float, float]]  # id -> statement, calls, seconds


def watch(deployment: Deployment, redactor: Redactor, send: Callable[[], object], *, requests: int) -> Watched:
    """Send so many requests, one after the other, and return what the database did meanwhile.

    Raises `CannotMeasure` when it cannot be asked, `ConfigError` when nothing says where it is, and what `send` raises.
    """
    with open_database(deployment, redactor) as connection, connection.transaction():
        (most,) = _row(connection, _MOST)
        _settle(connection, send)
        before, counted, called = _sessions(connection), _row(connection, _COUNTERS), _statements(connection)
        counts = [len(before)]
        with _looking(connection) as seen:
            for _ in range(PARTS):
                for _ in range(requests // PARTS):
                    send()
                counts.append(len(_sessions(connection)))
            _settle(connection, send)
        connection.execute(_FRESH)
        transactions, active = _row(connection, _COUNTERS)
        statements = _statements(connection)
        after, (elsewhere,) = _sessions(connection), _row(connection, _ELSEWHERE)
    seen.add(after)
    return Watched(
        requests=requests,
        connections=(*counts, len(after)),
        peak=max(seen.peak, *counts),
        most=int(most),
        elsewhere=int(elsewhere),
        transactions=int(_since(counted[0], transactions)),
        active=None if active is None else _since(counted[1], active),
        idlest=seen.idlest,
        slowest=seen.slowest,
        statements=None if statements is None or called is None else _ran(called, statements, redactor),
        hidden=seen.hides,
    )


def count_scans(
    deployment: Deployment, redactor: Redactor, send: Callable[[], object], *, requests: int
) -> dict[str, float]:
    """Return table -> scans (of the table, or of one of its indexes) for one request. Raises as `watch`."""
    with open_database(deployment, redactor) as connection, connection.transaction():
        _settle(connection, send)
        before = _scans(connection)
        for _ in range(requests):
            send()
        sent = requests + _settle(connection, send)
        return {table: _since(before.get(table, 0), scans) / sent for table, scans in _scans(connection).items()}


def _since(before: float, now: float) -> float:
    """Return what a counter has counted; one that is lower than it was has been set to 0 meanwhile."""
    return now - before if now >= before else now


def _settle(connection: "Connection[Any]", send: Callable[[], object]) -> int:
    """Make the sessions tell their counters, and return how many requests that took."""
    time.sleep(_TOLD_AFTER)
    count = min(max(1, len(_sessions(connection))), _MOST_SETTLED)
    for _ in range(count):
        send()
    return count


@dataclass
class _Seen:
    """What looks have seen so far, at its worst."""

    peak: int = 0
    idlest: Session | None = None
    slowest: Session | None = None
    tells: bool = False  # the state of any session
    error: list[Exception] = field(default_factory=list)

    @property
    def hides(self) -> bool:
        return self.peak > 0 and not self.tells

    def add(self, sessions: list[Session]) -> None:
        self.peak = max(self.peak, len(sessions))
        self.tells = self.tells or any(session.state for session in sessions)
        for session in sessions:
            if session.idles_in_transaction and (self.idlest is None or session.in_state > self.idlest.in_state):
                self.idlest = session
            if session.state == "active" and (self.slowest is None or session.running > self.slowest.running):
                self.slowest = session


@contextmanager
def _looking(connection: "Connection[Any]") -> Iterator[_Seen]:
    """Look every few milliseconds, in a thread of its own; psycopg lets threads share a connection, one at a time."""
    seen, ending = _Seen(), threading.Event()

    def look() -> None:
        try:
            while not ending.wait(_EVERY):
                seen.add(_sessions(connection))
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that can be told
            seen.error.append(error)

    looking = threading.Thread(target=look, name="postflight-database", daemon=True)
    looking.start()
    try:
        yield seen
    finally:
        ending.set()
        looking.join()
    if seen.error:
        raise seen.error[0]


def _sessions(connection: "Connection[Any]") -> list[Session]:
    connection.execute(_FRESH)
    return [
        Session(pid, state, in_state or 0.0, running or 0.0, without_literals(statement), application)
        for pid, state, in_state, running, statement, application in connection.execute(_SESSIONS, [APPLICATION])
    ]


def _scans(connection: "Connection[Any]") -> dict[str, int]:
    connection.execute(_FRESH)
    return {str(table): int(scans) for table, scans in connection.execute(_SCANS)}


def _statements(connection: "Connection[Any]") -> _Calls | None:
    """Return what pg_stat_statements has counted, or None where it is not installed or not loaded."""
    from psycopg import errors

    if not _row(connection, _HAS_STATEMENTS)[0]:
        return None
    try:
        return {
            str(number): (text or "", calls, seconds)
            for number, text, calls, seconds in connection.execute(_STATEMENTS)
        }
    except errors.ObjectNotInPrerequisiteState:  # created, but not in shared_preload_libraries
        return None


def _ran(before: _Calls, after: _Calls, redactor: Redactor) -> tuple[Statement, ...]:
    """Return what ran in between, by its mean."""
    ran = []
    for number, (text, calls, seconds) in after.items():
        _, calls_before, seconds_before = before.get(number, ("", 0.0, 0.0))
        if calls < calls_before or seconds < seconds_before:  # somebody has set them to 0 meanwhile
            calls_before = seconds_before = 0.0
        if (new := calls - calls_before) > 0:
            ran.append(Statement(redactor.text(without_literals(text)), int(new), (seconds - seconds_before) / new))
    return tuple(ran)


def _row(connection: "Connection[Any]", query: LiteralString) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - each of these queries has exactly one row
    return tuple(row)
