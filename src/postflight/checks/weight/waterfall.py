"""The picture of a visit: what was asked for, from when to when.

Its times are of one visit on this machine: no limit is held against them.
"""

from collections.abc import Iterator

from postflight.checks.weight.content import unused_preloads
from postflight.checks.weight.flaw import Flaw
from postflight.checks.weight.names import short
from postflight.checks.weight.page import PageWeight, Resource
from postflight.checks.weight.transfer import strangers, uncached, uncompressed
from postflight.exhibits import Request, Waterfall, make_waterfall

_DIGITS = 4  # of seconds


def draw(page: PageWeight) -> Waterfall:
    """Return the waterfall of a visit, each row with what is wrong with its file."""
    wrong = {flaw.subject: flaw for flaw in (*uncached(page), *uncompressed(page), *unused_preloads(page))}
    rows = [
        Request(
            short(one.url),
            one.kind.value,
            round(one.start, _DIGITS),
            round(one.end, _DIGITS),
            None if one.first_byte is None else round(one.first_byte, _DIGITS),
            one.wire,
            ", ".join(_notes(one, wrong)),
        )
        for one in page.resources
        if one.end is not None
    ]
    unended = len(page.resources) - len(rows)
    notes = [
        f"{unended} requests did not end" if unended else "",
        f"{len(page.polled)} addresses are asked for again and again" if page.polled else "",
        f"{len(strangers(page))} third parties that are not allowed" if strangers(page) else "",
    ]
    title = f"What {short(page.url)} loads, with a cold cache"
    return make_waterfall(title, rows, note="; ".join(filter(None, notes)))


def _notes(one: Resource, wrong: dict[str, Flaw]) -> Iterator[str]:
    if one.blocking:
        yield "blocks rendering"
    if one.stranger:
        yield "third party"
    if not one.is_ok:
        yield f"status {one.status}" if one.status else "failed"
    if (flaw := wrong.get(short(one.url))) is not None:
        yield flaw.words
