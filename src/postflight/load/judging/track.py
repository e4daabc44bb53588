"""One profile of a run while it goes on: which windows and steps are judged, and whether it must end. Pure."""

import math
from dataclasses import dataclass
from typing import Self

from postflight.config.load import LoadSettings, Profile, Shape
from postflight.load.judging.results import LATE, Series
from postflight.load.judging.steps import Climb
from postflight.load.judging.thresholds import Kind, Reading, Threshold, Watch, read_capacity


@dataclass(slots=True)
class Track:
    """What a profile is judged by, and how far that has come."""

    profile: Profile
    shape: Shape
    watch: Watch
    climb: Climb
    judged: int  # seconds since the begin up to which windows are judged
    readings: tuple[Reading, ...] = ()

    @classmethod
    def of(cls, profile: Profile, shape: Shape, thresholds: tuple[Threshold, ...], settings: LoadSettings) -> Self:
        """Return that of a profile of which nothing is known yet."""
        climb = Climb(profile, shape, thresholds, settings.confidence)
        return cls(profile, shape, Watch(thresholds, settings), climb, math.ceil(shape.warm_up))

    def judge(self, series: Series, now: float) -> None:
        """Judge the windows that are over `now` (seconds since the begin), and each limit over the whole run."""
        length = int(self.watch.settings.window)
        while self.judged + length <= self.shape.seconds:
            window = series.window(self.judged, length, now)
            if window is None:
                break
            self.watch = self.watch.after(window.counted(LATE))
            self.judged += length
        if self.shape.stepped:
            self.climb = self.climb.after(series, now)
        readings = self.watch.readings(series.judged.counted(underway=series.underway(now)))
        self.readings = tuple(self._with_capacity(reading) for reading in readings)

    @property
    def broken(self) -> str:
        """Why nothing is left to find out, or nothing: a limit broke. In a shape with steps one is meant to break."""
        if self.shape.stepped:
            return str(self.climb.found) if self.climb.over else ""
        return next((reading.words for reading in self.readings if reading.broken_in_windows), "")

    def _with_capacity(self, reading: Reading) -> Reading:
        if reading.threshold.kind is Kind.CAPACITY and self.shape.stepped:
            return read_capacity(reading.threshold, self.climb.found.held, self.climb.found.broken)
        return reading
