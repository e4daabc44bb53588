"""Which element of a page explains a region that differs. Pure.

A change spreads: a larger headline moves all that is below it. So what lies in a region is asked in the order of
causes, not of effects: is an element gone or new, has its look changed, its size, its place; else only its pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from postflight.checks.visual.regions import Box, Region

MAX_TOLD = 4  # regions in words; the picture shows all


@dataclass(frozen=True, slots=True)
class Element:
    """A visible element: its name (a selector), its box, and what its style says, `("font-size", "72px")` and so on."""

    name: str
    box: Box
    look: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """What has happened to an element. The lower the rank, the nearer to what somebody has done."""

    rank: int
    words: str


MISSING_OR_NEW, LOOK, SIZE, PLACE, PIXELS = range(5)


def describe(regions: Sequence[Region], old: Sequence[Element], new: Sequence[Element]) -> str:
    """Return the regions in words, causes before what follows from them.

    `a.cta has another look (color red -> blue): 160x40 at (20,300) differs by 97 %`.
    """
    told: dict[Cause, list[Region]] = {}
    for region in regions:
        told.setdefault(explain(region.box, old, new), []).append(region)
    ranked = sorted(told.items(), key=lambda item: item[0].rank)
    lines = [f"{cause.words}: {_boxes(of)}" if cause.words else _boxes(of) for cause, of in ranked]
    more = len(lines) - MAX_TOLD
    return "; ".join(lines[:MAX_TOLD]) + (f"; and {more} more" if more > 0 else "")


def explain(box: Box, old: Sequence[Element], new: Sequence[Element]) -> Cause:
    """Return what has happened to which element in a box; no words where no element is there."""
    before = {element.name: element for element in old if element.box.shared(box)}
    after = {element.name: element for element in new if element.box.shared(box)}
    if not old or not new:  # of one of both nothing is known, so nothing can be called new
        return _pixels(box, [*before.values(), *after.values()])
    names = {element.name for element in old}, {element.name for element in new}
    lone = [("is missing", e) for e in before.values() if e.name not in names[1]]
    lone += [("is new", e) for e in after.values() if e.name not in names[0]]
    if lone:  # the largest: its children are gone with it
        words, element = max(lone, key=lambda pair: pair[1].box.shared(box))
        return Cause(MISSING_OR_NEW, f"{element.name} {words}")
    was_of = {element.name: element for element in old}
    return _changed(box, [(was_of[e.name], e) for e in new if e.name in before or e.name in after])


def _changed(box: Box, pairs: Sequence[tuple[Element, Element]]) -> Cause:
    """Return what has happened to elements that were there and are still there: (was, is), in the document's order."""
    for was, now in pairs:  # an inherited look is told of the first that has it
        if changes := ", ".join(_looks(was, now)):
            return Cause(LOOK, f"{now.name} has another look ({changes})")
    if resized := [pair for pair in pairs if _size(pair[0]) != _size(pair[1])]:
        was, now = min(resized, key=lambda pair: pair[0].box.joined(pair[1].box).area)  # its parents only follow
        return Cause(SIZE, f"{now.name} was {_size(was)}, is {_size(now)}")
    if moved := [pair for pair in pairs if pair[0].box != pair[1].box]:
        was, now = max(moved, key=lambda pair: pair[0].box.joined(pair[1].box).likeness(box))
        right, down = now.box.left - was.box.left, now.box.top - was.box.top
        return Cause(PLACE, f"{now.name} moved by ({right:+d},{down:+d})")
    return _pixels(box, [now for _, now in pairs])


def _pixels(box: Box, elements: Sequence[Element]) -> Cause:
    closest = max(elements, key=lambda element: element.box.likeness(box), default=None)
    return Cause(PIXELS, closest.name if closest else "")


def _looks(was: Element, now: Element) -> Iterator[str]:
    looked = dict(was.look)
    for name, value in now.look:
        if name in looked and looked[name] != value:
            yield f"{name} {looked[name]} -> {value}"


def _size(element: Element) -> str:
    return f"{element.box.width}x{element.box.height}"


def _boxes(regions: Sequence[Region]) -> str:
    first = regions[0]
    more = f", and {len(regions) - 1} smaller" if len(regions) > 1 else ""
    return f"{first.box} differs by {first.share:.0%}".replace("%", " %") + more
