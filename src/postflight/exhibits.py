"""Pictures that a finding may carry: what `report.html` draws as waterfall, filmstrip, chart and matrix. Pure data.

Make them with `make_waterfall`, `make_filmstrip`, `make_chart` and `make_matrix`: these bound what is kept, and say in
`note` what they left out. Times are seconds. An exhibit decides nothing, and holds no secrets once it is in a finding.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

MAX_REQUESTS = 120  # of a waterfall
MAX_FRAMES = 12  # of a filmstrip
MAX_MARKS = 12
MAX_LINES = 6  # of a chart
MAX_POINTS = 240  # of a line
MAX_ROWS = 60  # of a matrix
MAX_COLUMNS = 24
MAX_TEXT = 300  # characters

Cell = Literal["ok", "weak", "bad", "none"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that has a name: `LCP` at 1.8 s."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Request:
    """A row of a waterfall: what was loaded, from when to when. `size` is what went over the network, in bytes."""

    name: str
    kind: str  # document, script, style, image, font, fetch, or any other word
    start: float
    end: float
    first_byte: float | None = None
    size: int | None = None
    note: str = ""  # what is wrong with it: "blocks rendering"


@dataclass(frozen=True, slots=True)
class Waterfall:
    """What a page loaded, one row a request."""

    title: str
    requests: tuple[Request, ...]
    marks: tuple[Mark, ...] = ()
    note: str = ""
    kind: Literal["waterfall"] = "waterfall"


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a page as it was then. `path` is of a PNG or JPEG file, relative to the reports folder."""

    path: str
    at: float


@dataclass(frozen=True, slots=True)
class Filmstrip:
    """How a page came to be, picture by picture."""

    title: str
    frames: tuple[Frame, ...]
    marks: tuple[Mark, ...] = ()
    note: str = ""
    kind: Literal["filmstrip"] = "filmstrip"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: points (x, y), with y None where there is nothing. `band`: low and high at each point."""

    name: str
    points: tuple[tuple[float, float | None], ...]
    band: tuple[tuple[float, float], ...] = ()
    trouble: bool = False  # what it counts is trouble: drawn in the colour of what is bad


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time, or over anything that has an order. `unit` and `x_unit` are a `model.Unit`'s, or any word."""

    title: str
    unit: str
    x_label: str
    lines: tuple[Line, ...]
    x_unit: str = "s"
    limit: float | None = None  # in `unit`: what is allowed
    limit_name: str = ""  # "at most 2 s"
    note: str = ""
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a matrix: its cells in the order of the columns, each with a state and a few words."""

    name: str
    cells: tuple[tuple[Cell, str], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table of states: pages by headers, for example."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    kind: Literal["matrix"] = "matrix"


Exhibit = Waterfall | Filmstrip | Chart | Matrix


def make_waterfall(title: str, requests: Iterable[Request], marks: Iterable[Mark] = (), *, note: str = "") -> Waterfall:
    """Return the waterfall of a page: its first requests by their start. Those without times are left out."""
    found = list(requests)
    timed = [one for one in found if math.isfinite(one.start) and math.isfinite(one.end)]
    ordered = sorted(timed, key=lambda one: (one.start, one.end))
    rows = tuple(
        replace(
            one,
            name=_cut(one.name),
            kind=_cut(one.kind),
            note=_cut(one.note),
            first_byte=one.first_byte if _is_number(one.first_byte) else None,
        )
        for one in ordered[:MAX_REQUESTS]
    )
    notes = (note, _more(len(found) - len(timed), "without times"), _more(len(timed) - len(rows), "requests"))
    return Waterfall(_cut(title), rows, _marks(marks), _joined(notes))


def make_filmstrip(title: str, frames: Iterable[Frame], marks: Iterable[Mark] = (), *, note: str = "") -> Filmstrip:
    """Return a filmstrip: of too many frames, some from the whole of it, with the first and the last."""
    found = sorted((one for one in frames if math.isfinite(one.at)), key=lambda one: one.at)
    kept = found
    if len(found) > MAX_FRAMES:
        step = (len(found) - 1) / (MAX_FRAMES - 1)
        kept = [found[round(number * step)] for number in range(MAX_FRAMES)]
    return Filmstrip(
        _cut(title), tuple(kept), _marks(marks), _joined((note, _more(len(found) - len(kept), "frames between these")))
    )


def make_chart(
    title: str,
    lines: Sequence[Line],
    *,
    unit: str,
    x_label: str = "time",
    x_unit: str = "s",
    limit: float | None = None,
    limit_name: str = "",
    note: str = "",
) -> Chart:
    """Return a chart. Of a line with too many points the highest of each few is kept: a spike must not be lost.

    Raises `ValueError` for a band that is not of its line's length.
    """
    thinned = [_thinned(line) for line in lines[:MAX_LINES]]
    most = max((math.ceil(len(line.points) / MAX_POINTS) for line in lines), default=1)
    notes = (
        note,
        f"each point is the highest of up to {most}" if most > 1 else "",
        _more(len(lines) - len(thinned), "lines"),
    )
    allowed = limit if _is_number(limit) else None
    return Chart(
        _cut(title),
        _cut(str(unit)),
        _cut(x_label),
        tuple(thinned),
        _cut(str(x_unit)),
        allowed,
        _cut(limit_name),
        _joined(notes),
    )


def make_matrix(title: str, columns: Sequence[str], rows: Sequence[Row], *, note: str = "") -> Matrix:
    """Return a matrix. Raises `ValueError` for a row that has not one cell for each column."""
    for row in rows:
        if len(row.cells) != len(columns):
            raise ValueError(f"{title}: row {row.name!r} has {len(row.cells)} cells for {len(columns)} columns")
    kept = tuple(
        Row(_cut(row.name), tuple((state, _cut(text)) for state, text in row.cells[:MAX_COLUMNS]))
        for row in rows[:MAX_ROWS]
    )
    notes = (note, _more(len(rows) - len(kept), "rows"), _more(len(columns) - MAX_COLUMNS, "columns"))
    return Matrix(_cut(title), tuple(map(_cut, columns[:MAX_COLUMNS])), kept, _joined(notes))


def within(exhibit: Exhibit, folder: str) -> Exhibit:
    """Return the exhibit with its files in a folder of the reports: a stage's have one of their own."""
    if not isinstance(exhibit, Filmstrip):
        return exhibit
    return replace(exhibit, frames=tuple(replace(one, path=f"{folder}/{one.path}") for one in exhibit.frames))


def _thinned(line: Line) -> Line:
    if line.band and len(line.band) != len(line.points):
        raise ValueError(f"{line.name}: its band has {len(line.band)} entries for {len(line.points)} points")
    given = line.band or ((0.0, 0.0),) * len(line.points)
    known = [
        ((x, y if _is_number(y) else None), band)
        for (x, y), band in zip(line.points, given, strict=True)
        if math.isfinite(x) and all(map(math.isfinite, band))
    ]
    size = max(1, math.ceil(len(known) / MAX_POINTS))
    groups = (known[first : first + size] for first in range(0, len(known), size))
    kept = [max(group, key=lambda one: -math.inf if one[0][1] is None else one[0][1]) for group in groups]
    bands = [band for _, band in kept] if line.band else []
    return replace(line, name=_cut(line.name), points=tuple(point for point, _ in kept), band=tuple(bands))


def _marks(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    known = (Mark(_cut(mark.name), mark.at) for mark in marks if math.isfinite(mark.at))
    return tuple(sorted(known, key=lambda mark: mark.at)[:MAX_MARKS])


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _more(count: int, what: str) -> str:
    return f"… {count} more {what}" if count > 0 else ""


def _joined(notes: Iterable[str]) -> str:
    return "; ".join(filter(None, notes))
