"""The highest rate that holds: a stepped shape goes up until a budget breaks. Pure."""

import math
from dataclasses import dataclass, replace

from postflight.config.load import Profile, Shape
from postflight.load.results import LATE, Series
from postflight.load.thresholds import Kind, Threshold, read
from postflight.model import Status

SETTLE = 0.2  # share of a step that is not judged: what the step before left is still answered


@dataclass(frozen=True, slots=True)
class Climb:
    """Steps taken so far. Rates in flows per second: `held` is the highest that kept all limits, `broken` the next."""

    profile: Profile
    shape: Shape
    thresholds: tuple[Threshold, ...]
    confidence: float
    taken: int = 0
    held: float | None = None
    broken: float | None = None
    why: str = ""

    def after(self, series: Series, now: float) -> "Climb":
        """Return the state when all steps that are over `now` (seconds since the begin) have been judged."""
        climb = self
        for begin, end, level in self.shape.steps()[self.taken :]:
            first = math.ceil(begin + SETTLE * (end - begin))
            length = max(1, math.floor(end) - first)
            if climb.broken is not None or (tally := series.window(first, length, now)) is None:
                break
            readings = [
                read(threshold, tally.counted(LATE), self.confidence)
                for threshold in self.thresholds
                if threshold.kind is not Kind.CAPACITY
            ]
            rate = level * self.profile.rate
            words = "; ".join(reading.words for reading in readings if reading.status is Status.BAD)
            climb = replace(climb, taken=climb.taken + 1, why=words)
            climb = replace(climb, broken=rate) if words else replace(climb, held=rate)
        return climb

    def broken_at(self, now: float, why: str) -> "Climb":
        """Return the state when a limit broke in the middle of a step."""
        if self.broken is not None:
            return self
        level = next((level for begin, end, level in self.shape.steps() if begin <= now < end), self.shape.peak)
        return replace(self, broken=level * self.profile.rate, why=why)
