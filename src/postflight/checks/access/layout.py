"""What a page is worth on a phone: it fits, its text can be read, and it can be enlarged.

WCAG 1.4.4 (Resize Text), 1.4.10 (Reflow: 320 CSS pixels, which is 400 % at 1280) and 1.3.4 leave it to the page how.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from postflight.checks.access.words import listed, tidy

LEAST_TEXT = 12.0  # CSS pixels; WCAG names no size, and below this one readers of phones do not read
LEAST_TARGET = 24  # CSS pixels; WCAG 2.2, 2.5.8: not promised yet, so only told
LEAST_ZOOM = 2.0  # WCAG 1.4.4: 200 %
SLACK = 1  # CSS pixels that rounding may add


@dataclass(frozen=True, slots=True)
class Sized:
    """An element and a length in CSS pixels: how far it sticks out, or the size of its text."""

    name: str
    pixels: float

    def __str__(self) -> str:
        """`section.features "See" (280 px)`."""
        return f"{tidy(self.name)} ({self.pixels:g} px)"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a page was laid out in a window of `asked` CSS pixels: `wide` itself, and `beyond` more to the side."""

    asked: int
    wide: int
    beyond: int
    sticking: tuple[Sized, ...] = ()


def misfit(fit: Fit) -> str:
    """Say how the page does not fit, or nothing."""
    if fit.wide > fit.asked + SLACK:
        return f"at {fit.asked} px the page is laid out {fit.wide} px wide, as for a desk: text is too small to read"
    if fit.beyond <= SLACK:
        return ""
    causes = listed([f"{out.name} sticks out by {out.pixels:g} px" for out in fit.sticking], 3)
    return (
        f"at {fit.asked} px the page scrolls sideways by {fit.beyond} px: {causes or 'nobody can say what sticks out'}"
    )


def viewport_fault(content: str | None) -> str:
    """Say what is wrong with the content of `<meta name="viewport">` (None: there is none), or nothing."""
    if content is None:
        return "no <meta name=viewport>: phones show the page as a desktop's, in small"
    wishes = dict(re.findall(r"([\w-]+)\s*=\s*([^\s,;]+)", content.lower()))
    scalable = wishes.get("user-scalable", "yes")
    if scalable == "no" or abs(_number(scalable, 1.0)) < 1:
        return f"user-scalable={tidy(scalable, 20)} forbids zooming"
    most = _number(wishes.get("maximum-scale", ""), inf)
    if 0 <= most < LEAST_ZOOM:
        return f"maximum-scale={most:g} forbids zooming to 200 %"
    return ""


def too_small(texts: Sequence[Sized], least: float = LEAST_TEXT) -> str:
    """Say which text is too small, or nothing."""
    small = [text for text in texts if text.pixels < least]
    return f"text below {least:g} px: {listed([str(text) for text in small])}" if small else ""


def _number(text: str, otherwise: float) -> float:
    found = re.match(r"-?\d*\.?\d+", text)
    return float(found[0]) if found else otherwise
