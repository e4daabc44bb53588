"""A measurement against its limit: a bar with each value, the interval, the median, and what earlier runs measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from postflight.checks.run_kind import RunKind, kinds_of
from postflight.model import Finding, Measurement, Quantity, Unit
from postflight.report.background import Past
from postflight.report.drawing.scale import place

MAX_BARS = 300  # that a page draws
MAX_DOTS = 60  # values of one measurement that are drawn
WIDTH, HEIGHT = 120.0, 28.0  # of a sparkline
FLATTEST = 0.2  # of the value: a sparkline shows at least this range
_EDGE = 4.0


@dataclass(frozen=True, slots=True)
class Spark:
    """The medians of earlier runs and of this one, as points of a line of WIDTH by HEIGHT; y grows downwards."""

    points: str
    last: tuple[float, float]
    limit: float | None  # y
    words: str
    begins: float | None  # x, where runs before its first were measured with something else


@dataclass(frozen=True, slots=True)
class Bar:
    """A measurement as a picture: all positions in percent of its width."""

    measurement: Measurement
    title: str
    stage: str
    state: str  # kept, broken, open: no claim can be made, free: there is no limit
    shown: Quantity  # the value that the limit is about
    beside: str  # in words, what stands beside it: the interval, or how many values
    words: str  # the whole picture in words
    limit: float | None
    at_least: bool
    dots: tuple[tuple[float, bool], ...]  # each value, and whether it is beyond the limit
    middle: float | None
    band: tuple[float, float] | None  # where it begins, and its width
    spark: Spark | None


def draw_bars(findings: Sequence[Finding], past: Sequence[Past], host: str = "") -> list[Bar]:
    """Return what was measured: broken limits first, then what allows no claim, then by name.

    `host` is the machine that measured: runs before are drawn where they were measured as this one was.
    """
    order = {"broken": 0, "open": 1, "kept": 2, "free": 3}
    kinds = kinds_of([m for finding in findings for m in finding.measurements], host)
    bars = [_bar(m, finding, past, kinds.get((m.metric, m.unit))) for finding in findings for m in finding.measurements]
    return sorted(bars, key=lambda bar: (order[bar.state], bar.measurement.metric))


def _bar(measurement: Measurement, finding: Finding, past: Sequence[Past], kind: RunKind | None) -> Bar:
    values, unit = sorted(measurement.values), measurement.unit
    interval = measurement.interval
    at_least = measurement.limit.startswith("at least")
    shown = measurement.least if at_least else measurement.worst
    if interval is not None:
        shown = Quantity(median(values), unit)
    full = 1.15 * max(*map(abs, values), measurement.bound or 0.0, *(interval or ()), 1e-12)
    step = max(1, len(values) // MAX_DOTS)
    beside = _beside(measurement)
    return Bar(
        measurement,
        finding.title or finding.check,
        finding.stage,
        _state(measurement),
        shown,
        beside,
        ", ".join(filter(None, (str(shown), measurement.limit, beside))),
        None if measurement.bound is None else place(measurement.bound, 0, full, 100),
        at_least,
        tuple(
            (place(value, 0, full, 100), _is_beyond(value, measurement, at_least=at_least))
            for value in dict.fromkeys((*values[::step], values[-1]))
        ),
        None if interval is None else place(shown.value, 0, full, 100),
        None if interval is None else _band(interval, full),
        _spark(measurement, past, kind),
    )


def _is_beyond(value: float, measurement: Measurement, *, at_least: bool) -> bool:
    bound = measurement.bound
    return bound is not None and (value < bound if at_least else value > bound)


def _state(measurement: Measurement) -> str:
    if not measurement.limit:
        return "free"
    return {True: "kept", False: "broken", None: "open"}[measurement.met]


def _beside(measurement: Measurement) -> str:
    count = len(measurement.values)
    if measurement.interval is not None:
        low, high = (Quantity(value, measurement.unit) for value in measurement.interval)
        return f"between {low} and {high}, {count} value{'' if count == 1 else 's'}"
    if count == 1:
        return ""
    if measurement.least == measurement.worst:
        return f"{count} values, all the same"
    return f"{count} values from {measurement.least} to {measurement.worst}"


def _band(interval: tuple[float, float], full: float) -> tuple[float, float]:
    low, high = (place(value, 0, full, 100) for value in interval)
    return low, round(max(high - low, 0.6), 2)  # one that is a point is seen nevertheless


def _spark(measurement: Measurement, past: Sequence[Past], kind: RunKind | None) -> Spark | None:
    key = (measurement.metric, measurement.unit)
    known = [run for run in past if key in run.medians]
    alike = [number for number, run in enumerate(known) if run.kinds.get(key) == kind]
    if not alike:
        return None
    before = [known[number].medians[key] for number in alike]
    left_out = len(known) - len(before)
    values = [*before, median(measurement.values)]
    bound = measurement.bound
    low, high = min(values), max(values)
    room = max(0.0, FLATTEST * abs(values[-1]) - (high - low)) / 2  # a line that hardly moves shall look like one
    low, high = low - room, high + room
    if bound is not None and low - (high - low) <= bound <= high + (high - low):
        low, high = min(low, bound), max(high, bound)  # a limit that is far away would flatten the line

    def y(value: float) -> float:
        inner = HEIGHT - 2 * _EDGE
        return round(HEIGHT - _EDGE - (place(value, low, high, inner) if high > low else inner / 2), 1)

    across = [round(_EDGE + (WIDTH - 2 * _EDGE) * n / len(known), 1) for n in (*alike, len(known))]
    runs = f"{len(before)} run{'' if len(before) == 1 else 's'} before"
    this = f"this one: {Quantity(values[-1], measurement.unit)} (medians)"
    told = [f"{runs}: {_span(before, measurement.unit)}", this]
    told += [f"{left_out} before measured with something else or unknown, not compared"] if left_out else []
    return Spark(
        " ".join(f"{x},{y(value)}" for x, value in zip(across, values, strict=True)),
        (across[-1], y(values[-1])),
        y(bound) if bound is not None and low <= bound <= high else None,
        "; ".join(told),
        max(1.0, round(across[0] - _EDGE, 1)) if left_out and across[0] > _EDGE else None,
    )


def _span(values: Sequence[float], unit: Unit) -> str:
    return " to ".join(dict.fromkeys(str(Quantity(value, unit)) for value in (min(values), max(values))))
