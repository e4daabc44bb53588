"""`load:` in `budgets.yaml`: how much load, in which shape, and how patiently it is judged.

A shape says levels in shares of a profile's rate, so that `spike` means the same for a page and for a preview.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from postflight.config.document import Count, Document, Duration, PerSecond, Ratio
from postflight.model import Quantity, Unit

Arrivals = Literal["even", "poisson"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
LONGEST = 7 * 86400.0  # seconds
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a shape: `seconds` in which the level goes straight from `start` to `end` (1.0: the profile's rate)."""

    seconds: float
    start: float
    end: float

    def level(self, at: float) -> float:
        """Return the level `at` seconds after the stage began."""
        return self.start + (self.end - self.start) * min(1.0, at / self.seconds)


@dataclass(frozen=True, slots=True)
class Shape:
    """How load changes with time. `warm_up` seconds at the beginning are not judged. `stepped`: it seeks a limit."""

    name: str
    stages: tuple[Stage, ...]
    warm_up: float = 0.0
    stepped: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes, warm-up included."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def peak(self) -> float:
        """The highest level."""
        return max(max(stage.start, stage.end) for stage in self.stages)

    def planned(self, begin: float, end: float) -> float:
        """Return the area under the level from `begin` to `end`: times the rate, the flows that are due."""
        area, at = 0.0, 0.0
        for stage in self.stages:
            first, last = max(begin, at), min(end, at + stage.seconds)
            if last > first:
                area += (last - first) * (stage.level(first - at) + stage.level(last - at)) / 2
            at += stage.seconds
        return area

    def steps(self) -> tuple[tuple[float, float, float], ...]:
        """Return begin, end and level of each stage that holds one level."""
        found, at = [], 0.0
        for stage in self.stages:
            if stage.start == stage.end:
                found.append((at, at + stage.seconds, stage.end))
            at += stage.seconds
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is done under load, how often, and over how many connections. `rate`: flows started each second at 100 %."""

    name: str
    rate: float
    connections: int
    arrivals: Arrivals = "poisson"
    shape: str = "smoke"  # where none is asked for

    @property
    def metric(self) -> str:
        """The name with which its metrics begin: `preview_start` for `preview-start`."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """All of `load:`."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    confidence: float = 0.95  # with which a limit is shown to be kept or broken
    window: float = 5.0  # seconds
    bad_in_a_row: int = 3  # windows that end a run early
    generator_lag: float = 0.05  # seconds; a generator whose p99 is later than that is not believed
    most_requests: int = 50_000_000  # a run that has sent more is stopped


class StageEntry(Document):
    """A part of a shape. Exactly one of `at` (hold this level) and `to` (go there in a straight line)."""

    for_: Annotated[Duration, Field(alias="for")]
    at: Ratio | None = None
    to: Ratio | None = None

    @model_validator(mode="after")
    def _one_level(self) -> "StageEntry":
        if (self.at is None) == (self.to is None):
            raise ValueError("write exactly one of 'at' (hold this level) and 'to' (go there in a straight line)")
        if self.for_.value <= 0:
            raise ValueError("a stage must take some time; write 'for: 10 s'")
        return self


class StepsEntry(Document):
    """Levels that go up until a budget breaks."""

    from_: Annotated[Ratio, Field(alias="from")]
    by: Ratio
    up_to: Ratio
    each: Duration

    @model_validator(mode="after")
    def _steps_up(self) -> "StepsEntry":
        if min(self.from_.value, self.by.value, self.each.value) <= 0 or self.up_to.value < self.from_.value:
            raise ValueError("steps go up: 'from', 'by' and 'each' are above 0, and 'up_to' is at least 'from'")
        if (self.up_to.value - self.from_.value) / self.by.value > MOST_STEPS:
            raise ValueError(f"more than {MOST_STEPS} steps; write a larger 'by'")
        return self


class ShapeEntry(Document):
    """How load changes with time. Exactly one of `stages` and `steps`."""

    warm_up: Annotated[Duration, Field(description="not judged")] = Quantity(0.0, Unit.SECONDS)
    stages: tuple[StageEntry, ...] = ()
    steps: StepsEntry | None = None

    @model_validator(mode="after")
    def _has_something_to_judge(self) -> "ShapeEntry":
        if bool(self.stages) == (self.steps is not None):
            raise ValueError("write exactly one of 'stages' and 'steps'")
        shape = make_shape("", self)
        if not shape.warm_up < shape.seconds <= LONGEST:
            raise ValueError(
                f"it takes {shape.seconds:g} s, of which {shape.warm_up:g} s are warm-up: nothing to judge"
            )
        if shape.peak <= 0:
            raise ValueError("no stage has a level above 0 %")
        return self


def _is_rate(rate: Quantity) -> Quantity:
    if not 0.001 <= rate.value <= 1_000_000:
        raise ValueError(f"{rate} is no rate; write one from 0.001 /s to 1000000 /s")
    return rate


def _is_some(count: Quantity) -> Quantity:
    if not 1 <= count.value <= 10**9:
        raise ValueError(f"{count} is too few or too many")
    return count


def _is_lag(lag: Quantity) -> Quantity:
    if not 0.001 <= lag.value <= 10:
        raise ValueError(f"{lag} is no bound for a generator's lag; write one from 1 ms to 10 s")
    return lag


def _is_confidence(ratio: Quantity) -> Quantity:
    if not 0.5 <= ratio.value < 1:
        raise ValueError(f"{ratio} is no confidence; write one from 50 % to 99.9 %")
    return ratio


Some = Annotated[Count, AfterValidator(_is_some)]


class ProfileEntry(Document):
    """What is done under load, and how much of it."""

    rate: Annotated[PerSecond, AfterValidator(_is_rate), Field(description="flows started at 100 %")]
    connections: Annotated[Some, Field(description="at most, over all workers")]
    arrivals: Annotated[Arrivals, Field(description="evenly spaced, or as independent visitors come")] = "poisson"
    shape: Annotated[Name, Field(description="where none is asked for")] = "smoke"


class LoadEntry(Document):
    """All of it."""

    profiles: Annotated[dict[Name, ProfileEntry], Field(default_factory=dict)]
    shapes: Annotated[dict[Name, ShapeEntry], Field(default_factory=dict)]
    confidence: Annotated[Ratio, AfterValidator(_is_confidence), Field(json_schema_extra={"default": "95 %"})] = (
        Quantity(0.95, Unit.RATIO)
    )
    window: Annotated[Duration, Field(json_schema_extra={"default": "5 s"})] = Quantity(5.0, Unit.SECONDS)
    bad_in_a_row: Annotated[int, Field(ge=1, le=100, description="windows that end a run early")] = 3
    generator_lag: Annotated[
        Duration,
        AfterValidator(_is_lag),
        Field(description="later by p99, and the run is invalid", json_schema_extra={"default": "50 ms"}),
    ] = Quantity(0.05, Unit.SECONDS)
    most_requests: Annotated[Some, Field(json_schema_extra={"default": "50000000 requests"})] = Quantity(
        50_000_000.0, Unit.COUNT
    )

    @model_validator(mode="after")
    def _window_is_whole_seconds(self) -> "LoadEntry":
        if not 1 <= self.window.value <= 3600 or not self.window.value.is_integer():
            raise ValueError(f"window: {self.window} is none; write whole seconds, from 1 s to 1 h")
        return self


def make_settings(entry: LoadEntry) -> LoadSettings:
    """Turn what is written into what is used."""
    profiles = {
        name: Profile(name, held.rate.value, int(held.connections.value), held.arrivals, held.shape)
        for name, held in entry.profiles.items()
    }
    return LoadSettings(
        profiles=MappingProxyType(profiles),
        shapes=MappingProxyType({name: make_shape(name, held) for name, held in entry.shapes.items()}),
        confidence=entry.confidence.value,
        window=entry.window.value,
        bad_in_a_row=entry.bad_in_a_row,
        generator_lag=entry.generator_lag.value,
        most_requests=int(entry.most_requests.value),
    )


def make_shape(name: str, entry: ShapeEntry) -> Shape:
    """Turn what is written into stages that join: a line begins where the stage before it ended, the first at 0."""
    stages: Iterable[Stage] = _line(entry.stages) if entry.steps is None else _stairs(entry.steps)
    return Shape(name, tuple(stages), entry.warm_up.value, stepped=entry.steps is not None)


def _line(entries: Iterable[StageEntry]) -> Iterable[Stage]:
    level = 0.0
    for entry in entries:
        target = entry.at or entry.to or Quantity(0.0, Unit.RATIO)
        yield Stage(entry.for_.value, level if entry.at is None else target.value, target.value)
        level = target.value


def _stairs(entry: StepsEntry) -> Iterable[Stage]:
    number = round((entry.up_to.value - entry.from_.value) / entry.by.value - 1e-9) + 1
    for step in range(number):
        level = entry.from_.value + step * entry.by.value
        if level <= entry.up_to.value + 1e-9:
            yield Stage(entry.each.value, level, level)
