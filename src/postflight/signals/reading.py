"""What a source saw in one block of the watch. No I/O."""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from postflight.errors import CannotMeasure, PostflightError
from postflight.stats.blocks import Block

MOST_NOTES = 5  # texts of a block that are kept: a block in which all fails says the same a thousand times


class Fault(StrEnum):
    """Why nothing was seen: the signal stopped, so somebody should look; or this runner cannot measure at all."""

    SIGNAL = "signal"
    RUNNER = "runner"


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing was seen, and why. The reason is a sentence for a person, free of secrets."""

    reason: str
    fault: Fault = Fault.SIGNAL


Counted = Block | Missing
NO_REQUESTS = Missing("no requests")


def counted(requests: int, bad: int) -> Counted:
    """Return the counts as a block. No requests at all are no evidence, and say so."""
    return Block(requests, bad) if requests else NO_REQUESTS


def missing_because(error: PostflightError, reason: str = "") -> Missing:
    """Return what an error of a source means for its block."""
    fault = Fault.RUNNER if isinstance(error, CannotMeasure) else Fault.SIGNAL
    return Missing(reason or str(error), fault)


@dataclass(frozen=True, slots=True)
class Span:
    """One block: its number (from 1), and when it starts and ends on the watch's clock (seconds)."""

    number: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What was seen in one block, by one source or by several.

    `counted`: trigger -> requests, and how many of them were bad in that trigger's sense. `checks`: endpoint -> health
    checks in order; None is one that could not be made. `gauges`: trigger -> value at the block's end. `seconds` are
    response times, for people to look at.
    """

    counted: Mapping[str, Counted] = field(default_factory=dict)
    checks: Mapping[str, tuple[bool | None, ...]] = field(default_factory=dict)
    gauges: Mapping[str, float | Missing] = field(default_factory=dict)
    seconds: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """Somebody who sees. `read` returns when the block is over and all that began in it has ended."""

    def read(self, span: Span) -> Awaitable[Reading]:
        """Return what was seen in this block. Trouble is part of the reading; an exception is a defect."""


def join(readings: Iterable[Reading]) -> Reading:
    """Join what several sources saw in one block; each trigger and endpoint belongs to one of them."""
    found = tuple(readings)
    return Reading(
        counted={name: value for reading in found for name, value in reading.counted.items()},
        checks={name: value for reading in found for name, value in reading.checks.items()},
        gauges={name: value for reading in found for name, value in reading.gauges.items()},
        seconds=tuple(second for reading in found for second in reading.seconds),
        notes=tuple(note for reading in found for note in reading.notes)[:MOST_NOTES],
    )
