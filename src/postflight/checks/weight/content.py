"""Rules on what a page is made of: what holds its picture back, what is too large, what nobody uses."""

from collections import defaultdict
from collections.abc import Sequence

from postflight.checks.weight.flaw import Flaw, size
from postflight.checks.weight.names import short
from postflight.checks.weight.page import Image, Kind, PageWeight, Resource, ScriptUse

SHARP_ENOUGH = 2.0  # pixels of an image for each of the screen's, along an edge: more are not seen
LEAST_SCRIPT = 50_000  # characters: of less script, a share says nothing
SHOWN_AT_ONCE = ("swap", "optional", "fallback")  # values of font-display that do not hide text for seconds
_HEAVIEST = 3  # files that are named as the cause of a sum


def heaviest(resources: Sequence[Resource]) -> tuple[Flaw, ...]:
    """Return the largest of these files, which are the cause of a sum that is too large; amounts are bytes."""
    largest = sorted(resources, key=lambda one: -one.wire)[:_HEAVIEST]
    return tuple(Flaw(short(one.url), size(one.wire), one.wire) for one in largest if one.wire)


def most_asked(resources: Sequence[Resource]) -> tuple[Flaw, ...]:
    """Return how many requests each kind has, most first: the cause of a number that is too large."""
    by_kind: dict[Kind, list[Resource]] = defaultdict(list)
    for one in resources:
        by_kind[one.kind].append(one)
    return tuple(
        Flaw(f"{kind.value} {len(found)}", f"{short(found[-1].url)} ...", len(found)) for kind, found in by_kind.items()
    )


def blocking(page: PageWeight, kind: Kind) -> tuple[Flaw, ...]:
    """Return files of a kind for which rendering waits, by the browser's own account; one each."""
    verb = "async or defer it, or make it a module" if kind is Kind.SCRIPT else "join it with others, or load it late"
    return tuple(
        Flaw(short(one.url), f"nothing is shown until this {kind.value} has come ({size(one.wire)}): {verb}")
        for one in page.of(kind)
        if one.blocking
    )


def oversized(page: PageWeight) -> tuple[Flaw, ...]:
    """Return images of more than twice the pixels of their box, along both edges; amounts are bytes for nothing."""
    flaws = []
    for one in page.images:
        wasted = _wasted(one, page.device_pixels)
        if wasted > 0:
            box = f"{one.box[0]:.0f} x {one.box[1]:.0f}"
            words = f"{one.natural[0]} x {one.natural[1]} pixels in a box of {box}: {size(wasted)} for nothing"
            flaws.append(Flaw(short(one.url), words, wasted))
    return tuple(flaws)


def _wasted(one: Image, device_pixels: float) -> float:
    """Return the bytes of pixels beyond what is seen: a file's bytes are taken to be in proportion to its pixels."""
    sharp = SHARP_ENOUGH * device_pixels
    wanted = (one.box[0] * sharp, one.box[1] * sharp)
    if min(one.box) < 1 or one.natural[0] <= wanted[0] or one.natural[1] <= wanted[1]:
        return 0.0
    return one.wire * (1 - wanted[0] * wanted[1] / (one.natural[0] * one.natural[1]))


def unused_share(page: PageWeight) -> float:
    """Return which share of the script was never executed: 0 to 1.

    Of at least 50,000 characters: a page with one small script of which half waits for a click is not the worse for it.
    """
    whole = sum(one.characters for one in page.scripts)
    return sum(one.unused for one in page.scripts) / max(whole, LEAST_SCRIPT)


def unused_scripts(page: PageWeight) -> tuple[Flaw, ...]:
    """Return the scripts with parts that were never executed; amounts are characters of these."""
    return tuple(Flaw(short(one.url), _never(one), one.unused) for one in page.scripts if one.unused)


def _never(one: ScriptUse) -> str:
    share = f"{one.unused / one.characters * 100:.0f} %" if one.characters else "nothing"
    return f"{size(one.unused)} of {size(one.characters)} never executed ({share})"


def hidden_text(page: PageWeight) -> tuple[Flaw, ...]:
    """Return fonts whose text is invisible until they have come; one each."""
    late = {one.url for one in page.of(Kind.FONT) if not one.preloaded}
    flaws = []
    for face in page.faces:
        if face.display not in SHOWN_AT_ONCE:
            where = short(face.urls[0]) if face.urls else face.family
            found_late = " and found late: it is not preloaded" if late.intersection(face.urls) else ""
            words = f"font-display is {face.display}: text in {face.family} stays hidden until it has come{found_late}"
            flaws.append(Flaw(where, words))
    return tuple(flaws)


def unused_preloads(page: PageWeight) -> tuple[Flaw, ...]:
    """Return what was preloaded and then not used, by the browser's own account; one each."""
    wire = {one.url: one.wire for one in page.resources}
    return tuple(
        Flaw(short(url), f"preloaded and not used, {size(wire.get(url, 0))}: it takes its turn before what is needed")
        for url in page.unused_preloads
    )
