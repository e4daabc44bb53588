"""What a database does while the platform answers the same requests over and over. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

LEAST_GROWTH = 2  # connections in each part of a series, that make it a leak
LEAST_SERVED = 0.25  # transactions for each request; fewer are those of others: monitoring, autovacuum
LEAST_CALLS = 0.5  # of a statement for each request; one that runs less often is somebody else's, such as a nightly job
_LONGEST = 160  # characters of a statement
# in one pass: two dashes in a text begin no comment, and a quote in a comment no text
_COMMENT_OR_TEXT = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(\$[A-Za-z_]*\$).*?(?:\2|\Z)|[eEbBxXnN]?'(?:[^'\\]|''|\\.)*(?:'|\Z)",
    re.DOTALL,
)
_NUMBER = re.compile(r"(?<![\w$.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b")
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")


@dataclass(frozen=True, slots=True)
class Session:
    """One connection to the database. `state` is empty where our role may not see it; times in seconds."""

    pid: int
    state: str
    in_state: float
    running: float  # since its statement began
    statement: str  # without its literals
    application: str = ""  # as it calls itself

    @property
    def idles_in_transaction(self) -> bool:
        """Whether it keeps a transaction open and does nothing."""
        return self.state.startswith("idle in transaction")


@dataclass(frozen=True, slots=True)
class Statement:
    """What one kind of statement took, of those that ran while we watched. `mean` in seconds."""

    text: str  # without its literals
    calls: int
    mean: float


@dataclass(frozen=True, slots=True)
class Watched:
    """One series of requests, and the database meanwhile.

    `connections`: before, after each part of the series, and after a pause. `statements`: where pg_stat_statements is,
    else None; `active` seconds for `transactions` are what the server counts by itself (PostgreSQL 14; None before).
    """

    requests: int
    connections: tuple[int, ...]
    peak: int
    most: int  # connections that the server takes
    transactions: int
    active: float | None
    idlest: Session | None = None  # the longest time idle in a transaction
    slowest: Session | None = None  # the longest time in a statement, as far as looks every few milliseconds saw
    statements: tuple[Statement, ...] | None = None
    hidden: bool = False  # our role may not see what others do
    elsewhere: int = 0  # connections to other databases of this server

    @property
    def served(self) -> bool:
        """Whether the requests came as far as this database: it may be a replica, or another one."""
        return self.transactions >= LEAST_SERVED * self.requests

    @property
    def slowest_statement(self) -> Statement | None:
        """The kind of statement with the longest mean, of those that the requests led to; None where nothing tells."""
        asked = (one for one in self.statements or () if one.calls >= LEAST_CALLS * self.requests)
        return max(asked, key=lambda statement: statement.mean, default=None)

    @property
    def mean_transaction(self) -> float | None:
        """Seconds of work for each transaction; None where nothing tells."""
        return self.active / self.transactions if self.active is not None and self.transactions else None

    def leak(self) -> str:
        """Say that connections are opened for requests and do not come back; empty: they do.

        A pool that fills stops growing when it is full or has as many as requests come at a time (here one). A leak
        grows in every part of the series, and what has grown is still there after a pause.
        """
        *series, after = self.connections
        growth = [later - earlier for earlier, later in pairwise(series)]
        if not growth or min(growth) < LEAST_GROWTH or after - series[0] < sum(growth) / 2:
            return ""
        told = ", ".join(str(count) for count in series[1:])
        return (
            f"connections are opened and never given back: {series[0]} before {self.requests} requests sent one after"
            f" the other, then {told}, and {after} when all was quiet again"
        )


def without_literals(statement: str) -> str:
    """Return a statement with `?` for every literal, in one line, cut: what it looks for may be secret."""
    bare = _COMMENT_OR_TEXT.sub(lambda found: " " if found["comment"] else "?", statement)
    text = _NUMBER.sub("?", bare)
    line = " ".join(_LIST.sub("?, ...", text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def scans_for_each(few: Mapping[str, float], many: Mapping[str, float], items: int) -> list[tuple[str, float]]:
    """Return the tables that are scanned more for a longer list, with the scans for each further item; most first.

    `few` and `many`: table -> scans for one request, for a short list and for one with so many `items` more.
    """
    more = ((table, (scans - few.get(table, 0.0)) / items) for table, scans in many.items())
    return sorted(((table, each) for table, each in more if each >= 0.5), key=lambda pair: -pair[1])
