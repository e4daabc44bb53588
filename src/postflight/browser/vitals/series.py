"""Visits to one page until all its limits are decided, and what they show.

Three sensors decide: exact counts (each value counts), the main thread's CPU seconds, and times under a throttled
network. A busy runner disturbs only the last, and in one direction: it makes slower. So what keeps its limit does so on
a busy runner too. Before a limit is called broken, what the runner may have added is taken off: what had to be computed
took as many times longer as the control page's work did. Waiting for the network takes no longer on a busy runner.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median_low

from postflight.browser.vitals.control import NOISY, Control, Pulse, stretch
from postflight.browser.vitals.pressure import Strain, read_pressure
from postflight.checks.vitals import Vitals, explain
from postflight.errors import CannotMeasure
from postflight.model import Unit
from postflight.stats.repeats import Outcome, Plan, interval, judge

FRAME = 0.016  # seconds: paints and answers to input come with a frame
UNTOLD = (
    "the browser told of no contentful paint: the page shows nothing, or what it shows is not counted"
    " (a canvas, a frame, a background as large as the screen)"
)
BROWSER = 0.1  # CPU seconds of the browser's other processes until a page is painted


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a visit. Without a plan it is exact: each value is held against the limit.

    `computed` tells how many seconds of it a processor worked at most; only that is slower on a busy runner.
    """

    name: str
    unit: Unit
    of: Callable[[Vitals], float | None]  # None: the browser did not tell
    plan: Plan | None = None
    computed: Callable[[Vitals], float] | None = None


def _inp(vitals: Vitals) -> float:
    if vitals.inp is None:
        raise CannotMeasure("INP was asked for, and nobody interacted with the page", where=vitals.url)
    return vitals.inp.seconds


def _lcp(vitals: Vitals) -> float | None:
    return None if vitals.lcp is None else vitals.lcp.at


def _until_painted(vitals: Vitals) -> float:
    return BROWSER + 2 * vitals.work.thread  # the raster's threads may work as long as the main thread does


METRICS = {
    metric.name: metric
    for metric in (
        Metric("ttfb", Unit.SECONDS, lambda v: v.ttfb.at, Plan(resolution=0.05, spread=0.1), lambda _: BROWSER),
        Metric("fcp", Unit.SECONDS, lambda v: v.fcp, Plan(resolution=FRAME), _until_painted),
        Metric("lcp", Unit.SECONDS, _lcp, Plan(resolution=FRAME), _until_painted),
        Metric("cls", Unit.SCORE, lambda v: round(v.cls.score, 4)),
        Metric("inp", Unit.SECONDS, _inp, Plan(resolution=2 * FRAME, spread=0.1), _inp),
        Metric("cpu", Unit.SECONDS, lambda v: v.work.thread, Plan(resolution=0.005, spread=0.05)),
        Metric("tbt", Unit.SECONDS, lambda v: v.tbt, Plan(resolution=FRAME, spread=0.3), lambda v: v.tbt),
    )
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric over all visits: values, interval of what is typical (None: it is exact), and its cause in words.

    There are no values if the browser did not tell of it in each of the visits; the words then say so.
    """

    metric: Metric
    values: tuple[float, ...]
    interval: tuple[float, float] | None
    words: str


@dataclass(slots=True)
class Series:
    """The visits to one page so far, and how the runner was meanwhile."""

    visits: list[Vitals] = field(default_factory=list)
    pulses: list[Pulse] = field(default_factory=list)
    least: float = 0.0  # CPU seconds of the control's work
    strain: Strain = field(default_factory=lambda: Strain(None, None))

    @property
    def stretch(self) -> float:
        """By how much the runner made things slower."""
        return stretch(self.pulses, self.least)

    @property
    def noise(self) -> str:
        """What there is to say about a noisy runner; empty for a quiet one."""
        if self.stretch <= NOISY:
            return ""
        took = f"fixed work of {self.least * 1000:.0f} ms took {self.stretch:.1f} times as long"
        return f"the runner is too noisy for a closer claim: {took}, {self.strain}"

    def reading(self, name: str) -> Reading:
        """Return what the visits say about a metric. The words are about a visit in the middle; if exact, the worst."""
        metric = METRICS[name]
        told = [metric.of(vitals) for vitals in self.visits]
        values = tuple(value for value in told if value is not None)
        if len(values) < len(told):
            return Reading(metric, (), None, f"in {len(told) - len(values)} of {len(told)} visits {UNTOLD}")
        typical = max(values) if metric.plan is None else median_low(values)
        words = explain(name, self.visits[told.index(typical)])
        return Reading(metric, values, self._interval(metric, values), words)

    def cause(self, name: str, at_most: float) -> str:
        """Return the cause in words and, unless the limit is kept, what is to be said of the runner."""
        words = self.reading(name).words
        disturbed = METRICS[name].computed is not None and self.outcome(name, at_most) is not Outcome.KEPT
        return f"{words}; {self.noise}" if disturbed and self.noise else words

    def outcome(self, name: str, at_most: float) -> Outcome:
        """Return whether this limit is decided."""
        reading = self.reading(name)
        if not reading.values:
            return Outcome.SPENT  # more visits would not tell either
        if reading.interval is None:
            return Outcome.KEPT if max(reading.values) <= at_most else Outcome.BROKEN
        return judge(reading.interval, at_most)

    def of_one_mind(self, name: str, at_most: float) -> bool:
        """Whether more visits would show the same: each breaks the limit, and all decide it; or none told of it."""
        values = self.reading(name).values
        if not values:
            return all(METRICS[name].of(vitals) is None for vitals in self.visits)
        return self.outcome(name, at_most) is Outcome.BROKEN and min(values) > at_most

    def _interval(self, metric: Metric, values: tuple[float, ...]) -> tuple[float, float] | None:
        if metric.plan is None:
            return None
        low, high = interval(values, metric.plan)
        if metric.computed is not None:
            added = (self.stretch - 1) * max(metric.computed(vitals) for vitals in self.visits)
            low = max(low / self.stretch, low - added)
        return low, high


def repeat(
    take: Callable[[], Vitals], limits: Mapping[str, float], control: Control, *, plan: Plan | None = None
) -> Series:
    """Visit until each of these limits (metric -> at most) is decided, or the most visits are spent."""
    plan = plan or Plan()
    series = Series()
    began = read_pressure()
    while len(series.visits) < plan.most:
        series.pulses.append(control.pulse())
        series.visits.append(take())
        series.pulses.append(control.pulse())
        series.least, series.strain = control.least, read_pressure().since(began)
        enough = len(series.visits) >= plan.fewest
        if enough and all(series.outcome(name, limit) is not Outcome.MORE for name, limit in limits.items()):
            break
    return series
