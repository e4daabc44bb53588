"""What a run looked like, second by second, as SVG: latencies above, requests below. Pure text, no script."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from postflight.model import Quantity, Unit

WIDTH, HEIGHT = 900, 200  # of one panel, in SVG units
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 26, 22
MOST_POINTS = 600
STYLE = """
.chart { color: #1f2328; font: 12px system-ui, sans-serif; max-width: 100% }
.chart text { fill: currentColor } .chart .axis { stroke: currentColor; stroke-opacity: .18; fill: none }
.chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.chart .a { stroke: #0969da; fill: #0969da } .chart .b { stroke: #bf5700; fill: #bf5700 }
.chart .c { stroke: #8250df; fill: #8250df } .chart .bad { stroke: #cf222e; fill: #cf222e }
.chart .plan { stroke: currentColor; stroke-opacity: .55; stroke-dasharray: 5 4; fill: none }
.chart .warm { fill: currentColor; fill-opacity: .07 } .chart path.line { fill: none }
@media (prefers-color-scheme: dark) { .chart { color: #e6edf3 }
  .chart .a { stroke: #58a6ff; fill: #58a6ff } .chart .b { stroke: #f0883e; fill: #f0883e }
  .chart .c { stroke: #bc8cff; fill: #bc8cff } .chart .bad { stroke: #ff7b72; fill: #ff7b72 } }
"""


@dataclass(frozen=True, slots=True)
class Point:
    """One second of a run. Latencies in seconds, None where nothing ended; rates in requests per second."""

    at: float
    due: float
    ended: float
    failed: float
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a panel: its name, its class of colour, and where its values are."""

    name: str
    colour: str
    value: Callable[[Point], float | None]


LATENCIES = (
    Line("p50", "a", lambda point: point.p50),
    Line("p95", "b", lambda point: point.p95),
    Line("p99", "c", lambda point: point.p99),
)
REQUESTS = (
    Line("flows due", "plan", lambda point: point.due),
    Line("answers", "a", lambda point: point.ended),
    Line("failed", "bad", lambda point: point.failed),
)


def draw(points: Sequence[Point], *, title: str, warm_up: float = 0.0, seconds: float = 0.0) -> str:
    """Return one SVG element. `seconds` is how long the whole run takes, so that a live chart does not jump."""
    shown = _thinned(points)
    last = max(seconds, shown[-1].at + 1 if shown else 1.0)
    height = 2 * HEIGHT + 8
    panels = [
        _panel(shown, LATENCIES, 0, last, Unit.SECONDS, warm_up),
        _panel(shown, REQUESTS, HEIGHT + 8, last, Unit.PER_SECOND, warm_up),
    ]
    label = escape(title, quote=True)
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{label}"><title>{label}</title>{"".join(panels)}</svg>'
    )


def standalone(svg: str) -> str:
    """Return the SVG as a file of its own: with its colours, and a name space."""
    return svg.replace("<title>", f"<style>{STYLE}</style><title>", 1)


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Keep a long run readable. Of each group the worst second is kept: a spike must not fall between two points."""
    if len(points) <= MOST_POINTS:
        return list(points)
    size = math.ceil(len(points) / MOST_POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [max(group, key=lambda point: (point.failed, point.p99 or 0.0)) for group in groups]


def _panel(points: Sequence[Point], lines: Sequence[Line], top: int, last: float, unit: Unit, warm_up: float) -> str:
    values = [value for line in lines for point in points if (value := line.value(point)) is not None]
    highest = _nice(max(values, default=0.0) or (0.1 if unit is Unit.SECONDS else 10.0))
    inner_top, inner_bottom = top + TOP, top + HEIGHT - BOTTOM

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * at / last

    def y(value: float) -> float:
        return inner_bottom - (inner_bottom - inner_top) * min(value, highest) / highest

    parts = []
    if warm_up:
        parts.append(
            f'<rect class="warm" x="{LEFT}" y="{inner_top}" width="{x(min(warm_up, last)) - LEFT:.1f}"'
            f' height="{inner_bottom - inner_top}"/>'
        )
    for share in (0.0, 0.5, 1.0):
        height = y(highest * share)
        parts.append(f'<path class="axis" d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}"/>')
        words = Quantity(highest * share, unit) if share else "0"
        parts.append(f'<text x="{LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{words}</text>')
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
        parts.append(
            f'<text x="{x(last * share):.1f}" y="{top + HEIGHT - 5}" text-anchor="{anchor}">{last * share:.4g} s</text>'
        )
    for number, line in enumerate(lines):
        parts.append(_path([(x(p.at + 0.5), y(v)) for p in points if (v := line.value(p)) is not None], line))
        place = LEFT + 8 + number * 110
        parts.append(f'<path class="line {line.colour}" d="M{place} {top + 13}h18"/>')
        parts.append(f'<text x="{place + 24}" y="{top + 17}">{line.name}</text>')
    return "".join(parts)


def _path(places: Sequence[tuple[float, float]], line: Line) -> str:
    if len(places) == 1:
        (x, y) = places[0]
        return f'<circle class="{line.colour}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
    drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f'<path class="line {line.colour}" d="M{drawn}"/>' if places else ""


def _nice(value: float) -> float:
    """Return the next of 1, 1.5, 2, 3, 5, 8, 10 times a power of ten: an axis that people can read."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 8, 10) if step * power >= value * 0.999)
