"""Structured Fields (RFC 9651) through `http-sf`, as browsers read them: a field that does not parse is no field."""

from collections.abc import Mapping
from dataclasses import dataclass

import http_sf
from http_sf import StructuredFieldError, Token

from postflight.checks.headers.answer import HttpAnswer

MAX_FIELD = 64 * 1024  # characters; a longer field is refused, not parsed


@dataclass(frozen=True, slots=True)
class Item:
    """A bare value and its parameters. A token is a `Token`, a quoted string a `str`."""

    value: object
    parameters: Mapping[str, object]

    @property
    def keyword(self) -> str | None:
        """The token's text, or None if this is no token."""
        return str(self.value) if isinstance(self.value, Token) else None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a dictionary or list: one item, or an inner list."""

    items: tuple[Item, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """The field does not parse, so a browser ignores all of it."""

    why: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary; of doubled keys the last counts, and `doubled` names them."""

    members: Mapping[str, Member]
    doubled: tuple[str, ...] = ()


def parse_item(answer: HttpAnswer, name: str) -> Item | Broken | None:
    """Return the field as an item, `Broken` if it is none, or None if it was not sent."""
    raw = answer.combined(name)
    if raw is None:
        return None
    parsed = _parse(raw, "item", [])
    return parsed if isinstance(parsed, Broken) else _item(parsed)


def parse_list(answer: HttpAnswer, name: str) -> tuple[Member, ...] | Broken | None:
    """Return the field as a list, `Broken` if it is none, or None if it was not sent."""
    raw = answer.combined(name)
    if raw is None:
        return None
    parsed = _parse(raw, "list", [])
    if isinstance(parsed, Broken):
        return parsed
    return tuple(_member(one) for one in parsed) if isinstance(parsed, list) else Broken("not a list")


def parse_dictionary(answer: HttpAnswer, name: str) -> Dictionary | Broken | None:
    """Return the field as a dictionary, `Broken` if it is none, or None if it was not sent."""
    raw = answer.combined(name)
    if raw is None:
        return None
    doubled: list[str] = []
    parsed = _parse(raw, "dictionary", doubled)
    if isinstance(parsed, Broken):
        return parsed
    if not isinstance(parsed, dict):
        return Broken("not a dictionary")
    return Dictionary({key: _member(one) for key, one in parsed.items()}, tuple(doubled))


def _parse(raw: str, kind: str, doubled: list[str]) -> object:
    """Return what `http-sf` made of it, or `Broken`. `doubled` receives the keys that came twice."""
    if len(raw) > MAX_FIELD:
        return Broken(f"longer than {MAX_FIELD} characters")

    def note(key: str, _context: str) -> None:
        doubled.append(key)

    try:
        return http_sf.parse(raw.encode("latin-1", "replace"), tltype=kind, on_duplicate_key=note)
    except StructuredFieldError as error:
        return Broken(str(error))


def _member(parsed: object) -> Member:
    """`http-sf` gives `(value, parameters)`; the value of an inner list is a list of such pairs."""
    if isinstance(parsed, tuple) and isinstance(parsed[0], list):
        return Member(tuple(_item(one) for one in parsed[0]), is_list=True)
    return Member((_item(parsed),), is_list=False)


def _item(parsed: object) -> Item:
    if isinstance(parsed, tuple):
        return Item(parsed[0], parsed[1])
    return Item(parsed, {})
