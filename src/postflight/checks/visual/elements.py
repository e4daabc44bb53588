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


def describe(regions: Sequence[Region], old: Sequence[Element], new: Sequence[Element]) -> str:
    """Return the regions in words, each cause once: `a.cta: color red -> blue; 160x40 at (20,300) differs by 97 %`."""
    told: dict[str, list[Region]] = {}
    for region in regions:
        told.setdefault(explain(region.box, old, new), []).append(region)
    lines = [f"{cause}: {_boxes(of)}" if cause else _boxes(of) for cause, of in told.items()]
    more = len(lines) - MAX_TOLD
    return "; ".join(lines[:MAX_TOLD]) + (f"; and {more} more" if more > 0 else "")


def explain(box: Box, old: Sequence[Element], new: Sequence[Element]) -> str:
    """Return what has happened to which element in a box, or an empty text where none is there."""
    before = {element.name: element for element in old}
    after = {element.name: element for element in new}
    if not before or not after:  # of one of both nothing is known, so nothing can be called new
        pairs = [(element, element) for element in (*old, *new) if element.box.shared(box)]
        return _closest(box, pairs)
    lone = [("is missing", e) for e in old if e.name not in after] + [
        ("is new", e) for e in new if e.name not in before
    ]
    there = [(words, element) for words, element in lone if element.box.shared(box)]
    if there:
        words, element = max(there, key=lambda pair: pair[1].box.shared(box))
        return f"{element.name} {words}"
    pairs = [(before[e.name], e) for e in new if e.name in before and _touched(before[e.name], e, box)]
    for was, now in pairs:  # in the document's order: what an element inherits is told of whom it inherits it from
        if changes := ", ".join(_changes(was, now)):
            return f"{now.name} has another look ({changes})"
    if resized := [pair for pair in pairs if _size(pair[0]) != _size(pair[1])]:
        was, now = min(resized, key=lambda pair: pair[0].box.joined(pair[1].box).area)  # its parents only follow
        return f"{now.name} was {_size(was)}, is {_size(now)}"
    if moved := [pair for pair in pairs if pair[0].box != pair[1].box]:
        was, now = max(moved, key=lambda pair: pair[0].box.joined(pair[1].box).likeness(box))
        right, down = now.box.left - was.box.left, now.box.top - was.box.top
        return f"{now.name} moved by ({right:+d},{down:+d})"
    return _closest(box, pairs)


def _closest(box: Box, pairs: Sequence[tuple[Element, Element]]) -> str:
    if not pairs:
        return ""
    return max(pairs, key=lambda pair: pair[1].box.likeness(box))[1].name


def _touched(was: Element, now: Element, box: Box) -> bool:
    return bool(was.box.shared(box) or now.box.shared(box))


def _changes(was: Element, now: Element) -> Iterator[str]:
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
