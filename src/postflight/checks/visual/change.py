"""How a page looked, how it looks, and what of that has changed. Pure."""

from dataclasses import dataclass

from postflight.checks.visual.elements import Element, describe
from postflight.checks.visual.pixels import Difference, Pixels, compare
from postflight.checks.visual.regions import Region, find_regions


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A page as it looked: its pixels, and the elements that were visible (none, where nobody wrote them down)."""

    pixels: Pixels
    elements: tuple[Element, ...] = ()

    @property
    def size(self) -> str:
        """`1280x1095`: width and height in pixels."""
        return f"{self.pixels.shape[1]}x{self.pixels.shape[0]}"

    @property
    def is_blank(self) -> bool:
        """Whether all of it has one colour: nothing was drawn, or the masks hide everything."""
        return bool((self.pixels == self.pixels[0, 0]).all())


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two shots: pixels, regions (largest first), and both in words."""

    difference: Difference
    regions: tuple[Region, ...]
    words: str  # empty: nothing differs
    resized: str  # `the page was 1280x1095, is 1280x820`; empty: it has kept its size


def find_change(old: Shot, new: Shot) -> Change:
    """Hold a shot against an older one."""
    difference = compare(old.pixels, new.pixels)
    regions = find_regions(difference.changed)
    resized = f"the page was {old.size}, is {new.size}" if old.pixels.shape != new.pixels.shape else ""
    return Change(difference, regions, describe(regions, old.elements, new.elements), resized)
