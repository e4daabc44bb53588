"""The highest rate that holds: what a shape that steps up until a budget breaks has shown. Pure.

A rate holds when every time it was tried, all budgets were kept. Between the highest that held and the lowest above it
that broke lies the truth; noise can make a single step break, so that a break counts when it was confirmed: by a second
try of the same rate, or by the next higher one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

CONFIRMED_BY = 2  # broken steps, at this rate or above


class Outcome(StrEnum):
    """What the budgets say of one step."""

    HELD = "held"
    BROKEN = "broken"
    UNKNOWN = "unknown"  # too little evidence, or the generator itself fell behind: says nothing about the rate


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the rate that was asked for, in arrivals per second, and what came of it. `why`: the broken budgets."""

    rate: float
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """The highest rate that holds, and the interval in which it ends.

    `held` is None when not even the lowest rate held, and `broken` when none broke: then the limit was not found.
    `confirmed`: the break was seen more than once. `why` are the budgets that broke first.
    """

    held: float | None
    broken: float | None
    confirmed: bool
    why: str = ""

    def __str__(self) -> str:
        """In a sentence."""
        if self.held is None and self.broken is None:
            return "no step could be judged"
        if self.broken is None:
            return f"holds {self.held:g} /s, the highest rate that was tried: the limit lies above"
        below = "not even the lowest rate holds" if self.held is None else f"holds {self.held:g} /s"
        doubt = "" if self.confirmed else ", seen once only"
        because = f": {self.why}" if self.why else ""
        return f"{below}, breaks at {self.broken:g} /s{doubt}{because}"


def find_breakpoint(steps: Iterable[Step]) -> Breakpoint:
    """Return what steps, in the order in which they were run, have shown.

    A broken step below one that held later is taken for noise, unless it broke as often as it held.
    """
    known = [step for step in steps if step.outcome is not Outcome.UNKNOWN]
    rates = sorted({step.rate for step in known})
    broken = next((rate for rate in rates if _breaks(known, rate)), None)
    held = max((rate for rate in rates if broken is None or rate < broken), default=None)
    if broken is None:
        return Breakpoint(held, None, confirmed=False)
    breaks = [step for step in known if step.rate >= broken and step.outcome is Outcome.BROKEN]
    why = next(step.why for step in breaks if step.rate == broken)
    return Breakpoint(held, broken, confirmed=len(breaks) >= CONFIRMED_BY, why=why)


def next_rate(steps: Iterable[Step], *, first: float, by: float, up_to: float) -> float | None:
    """Return the rate to try next, or None when all is known that can be.

    Up in steps of `by` until one breaks; then that one once more, and after the confirmation the middle between it and
    the highest that held, twice, so that the interval ends at a quarter of a step.
    """
    run = list(steps)
    found = find_breakpoint(run)
    if not run:
        return first
    if found.broken is None:
        highest = max(step.rate for step in run) + by
        return highest if highest <= up_to * (1 + 1e-9) else None
    if not found.confirmed:
        return found.broken
    width = found.broken - (found.held or 0.0)
    if width <= by / 4 * (1 + 1e-9):
        return None
    return found.broken - width / 2


def _breaks(steps: list[Step], rate: float) -> bool:
    """Whether a rate broke: at least as often as it held, and nothing above held more than it broke."""
    return _score(steps, rate) <= 0 and all(
        _score(steps, higher) <= 0 for higher in {step.rate for step in steps} if higher > rate
    )


def _score(steps: list[Step], rate: float) -> int:
    """Return how often a rate held, less how often it broke."""
    return sum(1 if step.outcome is Outcome.HELD else -1 for step in steps if step.rate == rate)
