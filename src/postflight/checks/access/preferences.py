"""What a page makes of what people asked their system for: dark colours, and little motion."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from postflight.checks.access.words import tidy

Colour = tuple[float, float, float]

DARK = 0.18  # relative luminance; a surface of middle grey, that reflects 18 % of the light
FEWEST_POINTS = 6  # of a window with a colour behind them, for a claim about it


@dataclass(frozen=True, slots=True)
class Movement:
    """An animation that goes on by itself. `seconds` is None for one without an end."""

    name: str
    what: str
    seconds: float | None

    def __str__(self) -> str:
        """`div.banner moves by the animation "slide" for ever`."""
        long = "for ever" if self.seconds is None else f"for {self.seconds:g} s"
        return f"{tidy(self.name)} moves by the animation {tidy(self.what, 40)!r} {long}"


def luminance(colour: Colour) -> float:
    """Return the relative luminance of a colour of sRGB (0 to 255 each), from 0 to 1.

    Source: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance
    """
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def brightness(points: Sequence[Colour | None]) -> float | None:
    """Return the median luminance behind a page; None where pictures hide too much of it for a claim."""
    known = [luminance(point) for point in points if point is not None]
    return median(known) if len(known) >= FEWEST_POINTS else None


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
