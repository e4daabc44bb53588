"""A run of load over time, for `report.html`: latencies with their limit, and requests with those that failed. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence

from postflight.exhibits import Chart, Line, make_chart
from postflight.load.judging.chart import LATENCIES, Point
from postflight.load.judging.results import Series
from postflight.load.judging.thresholds import Kind, Reading
from postflight.model import Quantity, Unit


def draw_pictures(
    name: str, series: Series, readings: Iterable[Reading], *, seconds: float, told_until: float = math.inf
) -> tuple[Chart, ...]:
    """Return the charts of a profile's run of so many seconds; none before anything was told."""
    points = series.points(min(told_until, math.ceil(seconds)))
    if not points:
        return ()
    warm = f"the first {Quantity(series.warm_up, Unit.SECONDS)} warm up, and are not judged" if series.warm_up else ""
    limit = min(
        (one.threshold for one in readings if one.threshold.kind is Kind.LATENCY),
        key=lambda one: one.limit.value,
        default=None,
    )
    latencies = [Line(line.name, _line(points, line.value)) for line in LATENCIES]
    requests = [
        Line("answers", _line(points, lambda point: point.ended)),
        Line("flows due", _line(points, lambda point: point.due)),
        Line("failed", _line(points, lambda point: point.failed), trouble=True),
    ]
    return (
        make_chart(
            f"{name}: latency from the intended start",
            latencies,
            unit=Unit.SECONDS,
            limit=None if limit is None else limit.limit.value,
            limit_name="" if limit is None else f"{limit.budget.metric.rpartition('.')[2]} {limit.budget.limit}",
            note=warm,
        ),
        make_chart(f"{name}: requests", requests, unit=Unit.PER_SECOND, note=warm),
    )


def _line(points: Sequence[Point], value: Callable[[Point], float | None]) -> tuple[tuple[float, float | None], ...]:
    return tuple((point.at, value(point)) for point in points)
