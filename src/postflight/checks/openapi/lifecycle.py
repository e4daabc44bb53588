"""Deprecation, sunset and stability of operations and parameters (`deprecated`, `x-sunset`, `x-stability-level`).

What was announced may end: an operation that was deprecated and whose day has come is gone without breaking a promise.
"""

from collections.abc import Iterator
from datetime import date

from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Node

_STABILITY = ("draft", "alpha", "beta", "stable")


def removal(old: Node, id_: str, said: str, today: date) -> Change:
    """Return the change for an operation that is gone. `id_` is for one that was not announced."""
    place = Place(old.pointer, "")
    day = _sunset(old)
    if not old.flag("deprecated") or not isinstance(day, date):
        return Change(id_, Kind.BREAKING, place, f"{said} is gone")
    if day > today:
        message = f"{said} is gone before {day}, the day that was announced"
        return Change("operation-removed-before-sunset", Kind.BREAKING, place, message)
    message = f"{said} is gone, as was announced for {day}"
    return Change("operation-removed-after-sunset", Kind.COMPATIBLE, place, message)


def compare(old: Node, new: Node, what: str, said: str) -> Iterator[Change]:
    """Compare the lifecycles of two operations (`what` is "operation") or parameters ("parameter")."""
    place = Place(old.pointer, new.pointer)
    was, now = old.flag("deprecated"), new.flag("deprecated")
    if was != now:
        suffix = "deprecated" if now else "reactivated"
        yield Change(f"{what}-{suffix}", Kind.COMPATIBLE, place, f"{said} is {'' if now else 'no longer '}deprecated")
    before, after = _sunset(old), _sunset(new)
    if isinstance(after, str):
        yield Change("sunset-unreadable", Kind.MAYBE, place, f"{said}: x-sunset {after[:40]!r} is no date")
    elif now and not was and after is None:
        yield Change(
            "sunset-missing", Kind.COMPATIBLE, place, f"{said} is deprecated without saying until when it stays"
        )
    elif isinstance(before, date) and now and after is None:
        yield Change("sunset-removed", Kind.MAYBE, place, f"{said} was to stay until {before}; now no day is named")
    elif isinstance(before, date) and isinstance(after, date) and before != after:
        suffix, kind = ("sunset-earlier", Kind.MAYBE) if after < before else ("sunset-later", Kind.COMPATIBLE)
        yield Change(suffix, kind, place, f"{said} stays until {after}, no longer until {before}")
    levels = [_stability(one) for one in (old, new)]
    if None not in levels and levels[0] != levels[1]:
        less = _STABILITY.index(str(levels[1])) < _STABILITY.index(str(levels[0]))
        suffix, kind = ("stability-decreased", Kind.MAYBE) if less else ("stability-increased", Kind.COMPATIBLE)
        yield Change(suffix, kind, place, f"{said} is {levels[1]}, no longer {levels[0]}")


def _sunset(node: Node) -> date | str | None:
    """Return the day, the text that is none, or None."""
    said = node.step("x-sunset")
    if said is None:
        return None
    try:
        return date.fromisoformat(str(said.value)[:10])
    except ValueError:
        return str(said.value)


def _stability(node: Node) -> str | None:
    said = node.step("x-stability-level")
    return said.value if said and isinstance(said.value, str) and said.value in _STABILITY else None
