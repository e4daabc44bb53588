"""A stepped shape goes up until budgets break: each step is judged by itself, once its answers are there. Pure."""

import math
from dataclasses import dataclass, replace

from postflight.config.load import Profile, Shape
from postflight.load.judging.breakpoint import Breakpoint, Outcome, Step, find_breakpoint
from postflight.load.judging.results import LATE, Series
from postflight.load.judging.thresholds import Counted, Kind, Threshold, read
from postflight.model import Status

SETTLE = 0.2  # share of a step that is not judged: what the step before left is still answered


@dataclass(frozen=True, slots=True)
class Climb:
    """The steps that were taken so far, of a profile whose rate is that of 100 %."""

    profile: Profile
    shape: Shape
    thresholds: tuple[Threshold, ...]
    confidence: float
    steps: tuple[Step, ...] = ()

    @property
    def found(self) -> Breakpoint:
        """What they have shown."""
        return find_breakpoint(self.steps)

    @property
    def over(self) -> bool:
        """Whether a limit was found, and found again: higher steps would only do harm."""
        return self.found.broken is not None and self.found.confirmed

    def after(self, series: Series, now: float) -> "Climb":
        """Return the state when all steps that are over `now` (seconds since the begin) have been judged."""
        climb = self
        for begin, end, level in self.shape.steps()[len(self.steps) :]:
            first = math.ceil(begin + SETTLE * (end - begin))
            tally = series.window(first, max(1, math.floor(end) - first), now)
            if climb.over or tally is None:
                break
            step = self._judge(level * self.profile.rate, tally.counted(LATE))
            climb = replace(climb, steps=(*climb.steps, step))
        return climb

    def _judge(self, rate: float, counted: Counted) -> Step:
        readings = [read(t, counted, self.confidence) for t in self.thresholds if t.kind is not Kind.CAPACITY]
        if words := "; ".join(reading.words for reading in readings if reading.status is Status.BAD):
            return Step(rate, Outcome.BROKEN, words)
        # a p99 that the few requests of one step cannot show is no reason to doubt what the others say
        known = any(reading.status is Status.GOOD for reading in readings)
        return Step(rate, Outcome.HELD if known else Outcome.UNKNOWN)
