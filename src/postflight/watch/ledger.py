"""The ledger of a watch: append-only lines of JSON, each on the disk before the watch goes on.

A header names plan, alpha and versions; then come the blocks, each with what was seen and the evidence after it, the
calls that followed, the verdict, and what was done about it. The lines are chained by checksums (`journal`).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Tag, TypeAdapter

from postflight.errors import ConfigError
from postflight.journal import Journal, read_journal
from postflight.model import Decision
from postflight.stats.control import Call
from postflight.stats.rules import Consecutive, Do, ErrorRate, Gauge, Manual, ResponseTime, WatchPlan
from postflight.watch.plan import LeftOut
from postflight.watch.state import Record

_TELLING = {"above": "error_rate", "slower_than": "response_time", "failures": "health", "at_least": "gauge"}


def _kind(rule: Any) -> str:
    """Return which rule this is, by the field that it alone has."""
    has = rule.__contains__ if isinstance(rule, dict) else lambda name: hasattr(rule, name)
    return next((kind for field, kind in _TELLING.items() if has(field)), "manual")


WrittenRule = Annotated[
    Annotated[ErrorRate, Tag("error_rate")]
    | Annotated[ResponseTime, Tag("response_time")]
    | Annotated[Consecutive, Tag("health")]
    | Annotated[Gauge, Tag("gauge")]
    | Annotated[Manual, Tag("manual")],
    Discriminator(_kind),
]


@dataclass(frozen=True, slots=True)
class Header:
    """What is watched, and by which rules. Times in seconds, `started` ISO 8601 in UTC."""

    kind: Literal["header"]
    version: Literal[1]
    postflight: str
    python: str
    run_id: str
    platform: str
    environment: str
    base_url: str
    known: bool
    control_url: str | None
    sources: tuple[str, ...]
    started: str
    every: float
    alpha: float
    duration: float
    block: float
    rules: tuple[WrittenRule, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def plan(self) -> WatchPlan:
        """The plan. Raises `ValueError` for one that cannot be."""
        return WatchPlan(self.rules, self.alpha, self.duration, self.block)


@dataclass(frozen=True, slots=True)
class BlockLine:
    """One block, when it was taken, and every number that decides after it, by trigger."""

    kind: Literal["block"]
    time: str
    record: Record
    digits: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class CallLine:
    """A trigger's call, after which block."""

    kind: Literal["call"]
    number: int
    trigger: str
    do: Do
    call: Call
    reason: str


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """How the watch ended."""

    kind: Literal["verdict"]
    decision: Decision
    interrupted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionLine:
    """What was done about a verdict that asks for it (`rollback.once`); it decides nothing. `time`: ISO 8601 in UTC."""

    kind: Literal["action"]
    time: str
    action: str
    stage: str
    text: str


Line = Header | BlockLine | CallLine | VerdictLine | ActionLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Discriminator("kind")])


class Ledger:
    """Appends lines to a new file. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> Self:
        """Create the file. Raises `ConfigError` when it is there already: a ledger is of one watch."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except FileExistsError as error:
            raise ConfigError(f"{self._path} exists: a ledger is of one watch; name another with --ledger") from error
        except OSError as error:
            raise ConfigError(f"the ledger {self._path} cannot be written: {error.strerror}") from error
        self._journal = Journal(self._path, self._file, _LINE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        os.close(self._file)

    def append(self, line: Line) -> str:
        """Write a line, wait until it is on the disk, and return it. Raises `CannotMeasure` when it is not."""
        return self._journal.append(line)


def read_ledger(path: Path) -> Iterator[tuple[int, Line]]:
    """Yield the lines with their numbers (from 1). Raises `CannotMeasure` at the first that is not as it was written.

    A last line without its end was cut off when the watch was killed; it is not yielded.
    """
    return read_journal(path, _LINE)
