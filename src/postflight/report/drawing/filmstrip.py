"""A filmstrip: each frame with its time, and with what had happened by then."""

from dataclasses import dataclass

from postflight.exhibits import Filmstrip
from postflight.model import Quantity, Unit


@dataclass(frozen=True, slots=True)
class Still:
    """A frame. `marks`: what happened after the frame before it, up to this one; those after the last are its too."""

    path: str
    at: str
    marks: tuple[str, ...]


def draw_filmstrip(strip: Filmstrip) -> tuple[Still, ...]:
    """Return the frames with their words."""
    stills, told = [], 0
    for number, frame in enumerate(strip.frames):
        is_last = number == len(strip.frames) - 1
        until = len(strip.marks) if is_last else sum(mark.at <= frame.at for mark in strip.marks)
        new = strip.marks[told : max(told, until)]
        told = max(told, until)
        marks = tuple(f"{mark.name} {Quantity(mark.at, Unit.SECONDS)}" for mark in new)
        stills.append(Still(frame.path, str(Quantity(frame.at, Unit.SECONDS)) if frame.at else "0 s", marks))
    return tuple(stills)
