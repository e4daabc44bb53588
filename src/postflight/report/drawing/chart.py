"""Lines over time: paths in a box of WIDTH by HEIGHT that is stretched to the width of the page; y grows downwards.

What is written stands beside the box, in the page's own type: stretched letters could not be read on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard

from postflight.exhibits import Chart, Line
from postflight.report.drawing.scale import place, round_up, words

WIDTH, HEIGHT = 1000.0, 300.0
FAR = 3.0  # times the highest value: where a limit is no longer drawn
MAX_STOPS = 60  # places of the picture that say their numbers when pointed at
MAX_ROWS = 24  # of the table beside it


@dataclass(frozen=True, slots=True)
class Trace:
    """One line: its path, its band's path (may be empty), its name, its colour and its range in words."""

    name: str
    colour: str
    path: str
    band: str
    words: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A stretch of the x axis, and each line's number there."""

    x: float
    width: float
    at: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A whole chart. `high` and `across`: what is written beside its axes, from top to bottom and left to right."""

    title: str
    note: str
    x_label: str
    traces: tuple[Trace, ...]
    has_limit: bool
    limit: float | None  # y; None also where it is too far above to be shown
    limit_words: str
    high: tuple[str, ...]
    across: tuple[str, ...]
    stops: tuple[Stop, ...]
    rows: tuple[Stop, ...]
    words: str


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    right: float
    bottom: float
    top: float

    def x(self, value: float) -> float:
        return place(value, self.left, self.right, WIDTH)

    def y(self, value: float) -> float:
        return round(HEIGHT - place(value, self.bottom, self.top, HEIGHT), 2)


def draw_chart(chart: Chart) -> Plot:
    """Return the chart as paths and words. One without points is an empty box that says so."""
    box = _box(chart)
    traces = tuple(_trace(chart, line, number, box) for number, line in enumerate(chart.lines))
    known = chart.limit_name or (words(chart.limit, chart.unit) if chart.limit is not None else "")
    return Plot(
        chart.title,
        chart.note,
        chart.x_label,
        traces,
        chart.limit is not None,
        box.y(chart.limit) if _is_near(chart.limit, box.top) else None,
        known if _is_near(chart.limit, box.top) else f"{known}, far above",
        tuple(words(box.bottom + (box.top - box.bottom) * share / 4, chart.unit) for share in (4, 3, 2, 1, 0)),
        tuple(words(box.left + (box.right - box.left) * share / 4, chart.x_unit) for share in range(5)),
        _stops(chart, box, MAX_STOPS),
        _stops(chart, box, MAX_ROWS),
        "; ".join(f"{trace.name}: {trace.words}" for trace in traces) or "nothing was measured",
    )


def _box(chart: Chart) -> _Box:
    across = [x for line in chart.lines for x, _ in line.points]
    up = [y for line in chart.lines for _, y in line.points if y is not None]
    up += [edge for line in chart.lines for band in line.band for edge in band]
    up += [chart.limit] if _is_near(chart.limit, max(up, default=0.0)) else []
    lowest = min(up, default=0.0)
    bottom = 0.0 if lowest >= 0 else -round_up(-lowest)
    left, right = min(across, default=0.0), max(across, default=1.0)
    if left == 0 and round_up(right) <= 1.1 * right:  # 120 s read better than 119 s, and cost little room
        right = round_up(right)
    return _Box(left, right if right > left else left + 1, bottom, max(round_up(max(up, default=1.0)), bottom))


def _is_near(limit: float | None, highest: float) -> TypeGuard[float]:
    """Whether a limit can be shown. One that is far above all that was measured would press the lines to the ground."""
    return limit is not None and limit <= FAR * highest


def _trace(chart: Chart, line: Line, number: int, box: _Box) -> Trace:
    known = [y for _, y in line.points if y is not None]
    told = "nothing was measured"
    if known:
        lowest, highest, last = (words(value, chart.unit) for value in (min(known), max(known), known[-1]))
        told = f"{lowest} to {highest}, at the end {last}" if lowest != highest else f"{lowest} throughout"
    colour = "trouble" if line.trouble else f"line-{number + 1}"
    return Trace(line.name, colour, _path(line, box), _area(line, box), told)


def _path(line: Line, box: _Box) -> str:
    """Return the path, which is broken where nothing was measured. A point by itself becomes a dot."""
    parts: list[str] = []
    drawing = False
    for x, y in line.points:
        if y is None:
            drawing = False
            continue
        parts.append(f"{'L' if drawing else 'M'}{box.x(x):g} {box.y(y):g}{'' if drawing else 'h0'}")
        drawing = True
    return "".join(parts)


def _area(line: Line, box: _Box) -> str:
    if not line.band:
        return ""
    edges = [(box.x(x), low, high) for (x, _), (low, high) in zip(line.points, line.band, strict=True)]
    over = [f"{x:g} {box.y(high):g}" for x, _, high in edges]
    under = [f"{x:g} {box.y(low):g}" for x, low, _ in reversed(edges)]
    return f"M{'L'.join([*over, *under])}Z"


def _stops(chart: Chart, box: _Box, most: int) -> tuple[Stop, ...]:
    found = sorted({x for line in chart.lines for x, _ in line.points})
    if not found:
        return ()
    wanted = min(most, len(found))
    chosen = [found[round(n * (len(found) - 1) / max(1, wanted - 1))] for n in range(wanted)]
    values = [dict(line.points) for line in chart.lines]
    places = [box.x(x) for x in chosen]
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(places)), WIDTH]
    return tuple(
        Stop(
            round(edges[n], 2),
            round(edges[n + 1] - edges[n], 2),
            words(x, chart.x_unit),
            _values(chart, x, values),
        )
        for n, x in enumerate(chosen)
    )


def _values(chart: Chart, x: float, values: Sequence[dict[float, float | None]]) -> tuple[str, ...]:
    found = (line.get(x) for line in values)
    return tuple("-" if value is None else words(value, chart.unit) for value in found)
