"""A waterfall: which requests were under way when, in percent of the time until the last of them ended."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from postflight.exhibits import Mark, Request, Waterfall
from postflight.model import Quantity, Unit
from postflight.report.drawing.scale import place, round_up, words

MAX_NAME = 32  # characters
# those that have a colour, and what else browsers call them (initiator types of Resource Timing, types of DevTools)
COLOURS = {kind: kind for kind in ("document", "script", "style", "image", "font", "fetch")} | {
    "navigation": "document",
    "link": "style",
    "css": "style",
    "stylesheet": "style",
    "img": "image",
    "xhr": "fetch",
    "xmlhttprequest": "fetch",
}


@dataclass(frozen=True, slots=True)
class Lane:
    """A request: where its wait for the first byte begins, where its bytes come, where it ends."""

    request: Request
    name: str  # without what all of them share, and of a long one the end, where requests differ
    colour: str
    start: float
    first: float
    end: float
    told: str  # "0.3 s, 12 KB"
    words: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A mark with its place. `number` tells marks apart in the picture."""

    number: int
    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole waterfall, with what is written below its axis at 0, 25, 50, 75 and 100 percent."""

    title: str
    note: str
    lanes: tuple[Lane, ...]
    moments: tuple[Moment, ...]
    ticks: tuple[str, ...]
    words: str

    @property
    def is_noted(self) -> bool:
        """Whether something is said of any request: that takes room."""
        return any(lane.request.note for lane in self.lanes)


def draw_waterfall(waterfall: Waterfall) -> Flow:
    """Return the waterfall as positions, each in percent of the width."""
    last = max((one.at for one in (*waterfall.marks, *_ends(waterfall))), default=0.0)
    full = round_up(last)
    origin = _origin(waterfall.requests[0].name) if waterfall.requests else ""
    lanes = tuple(_lane(one, origin, full) for one in waterfall.requests)
    sizes = [one.size for one in waterfall.requests if one.size is not None]
    told = f"{len(lanes)} request{'' if len(lanes) == 1 else 's'}"
    if sizes:  # where none is known, nothing is said: it would be zero
        told += f", {Quantity(sum(sizes), Unit.BYTES)}"
    ticks = tuple(words(full * quarter / 4, Unit.SECONDS) if quarter else "0" for quarter in range(5))
    return Flow(waterfall.title, waterfall.note, lanes, draw_marks(waterfall.marks, full), ticks, told)


def draw_marks(marks: tuple[Mark, ...], full: float) -> tuple[Moment, ...]:
    """Return the marks with their places in percent of `full` seconds."""
    return tuple(
        Moment(number, place(mark.at, 0, full, 100), f"{mark.name} {Quantity(mark.at, Unit.SECONDS)}")
        for number, mark in enumerate(marks, start=1)
    )


def _ends(waterfall: Waterfall) -> tuple[Mark, ...]:
    return tuple(Mark(one.name, one.end) for one in waterfall.requests)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _short(url: str, origin: str) -> str:
    name = url.removeprefix(origin) if origin else url
    name = (name or "/").removeprefix("https://")
    return name if len(name) <= MAX_NAME else f"…{name[1 - MAX_NAME :]}"


def _lane(one: Request, origin: str, full: float) -> Lane:
    first = one.start if one.first_byte is None else min(max(one.first_byte, one.start), one.end)
    took = Quantity(max(0.0, one.end - one.start), Unit.SECONDS)
    size = "" if one.size is None else str(Quantity(one.size, Unit.BYTES))
    wait = "" if one.first_byte is None else f", first byte after {Quantity(first - one.start, Unit.SECONDS)}"
    start, end = place(one.start, 0, full, 100), place(one.end, 0, full, 100)
    return Lane(
        one,
        _short(one.name, origin),
        COLOURS.get(one.kind.lower(), "other"),
        start,
        place(first, 0, full, 100),
        round(max(end, start + 0.4), 2),
        ", ".join(filter(None, (str(took), size))),
        f"begins at {Quantity(one.start, Unit.SECONDS)}{wait}, takes {took}{f', {size}' if size else ''}",
    )
