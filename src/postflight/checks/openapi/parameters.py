"""Parameters: in path, query, header and cookie. Those of the path are known by their position, not by their name."""

import re
from collections.abc import Iterator
from dataclasses import replace

from postflight.checks.openapi import lifecycle
from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.judgement import Subject
from postflight.checks.openapi.schema_changes import SchemaWalker

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
# OpenAPI: parameters of these names are ignored.
_NOT_PARAMETERS = frozenset({("header", "accept"), ("header", "content-type"), ("header", "authorization")})
_Key = tuple[str, str]


def gather(path: str, item: Node, operation: Node) -> dict[_Key, Node]:
    """Return an operation's parameters by place and name; the operation's own go before those of its path."""
    positions = {name: f"{{{index}}}" for index, name in enumerate(re.findall(r"\{([^}]*)\}", path))}
    found: dict[_Key, Node] = {}
    for node in (*item.items("parameters"), *operation.items("parameters")):
        parameter = node.resolved()
        place, name = parameter.text("in"), parameter.text("name")
        if place == "header":
            name = name.lower()
        if place == "path":
            name = positions.get(name, name)
        if (place, name) not in _NOT_PARAMETERS:
            found[place, name] = parameter
    return found


def compare(old: dict[_Key, Node], new: dict[_Key, Node], walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    """Compare all parameters of an operation."""
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before is None and after is not None:
            yield _added(after)
        elif after is None and before is not None:
            yield _removed(before)
        elif before is not None and after is not None:
            named = replace(subject, name=_called(before), is_text="content" not in before.mapping())
            yield from _both(before, after, walker, named)


def _called(parameter: Node) -> str:
    return f"the {parameter.text('in')} parameter {parameter.text('name')[:80]!r}"


def _added(new: Node) -> Change:
    if new.flag("required"):
        message = f"{_called(new)} is new and required"
        return Change("required-parameter-added", Kind.BREAKING, Place("", new.pointer), message)
    return Change("optional-parameter-added", Kind.COMPATIBLE, Place("", new.pointer), f"{_called(new)} is new")


def _removed(old: Node) -> Change:
    message = f"{_called(old)} is gone: what clients send with it has no effect any more, or is refused"
    return Change("parameter-removed", Kind.MAYBE, Place(old.pointer, ""), message)


def _both(old: Node, new: Node, walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    place, said = Place(old.pointer, new.pointer), subject.name
    was, now = old.flag("required"), new.flag("required")
    if now and not was:
        yield Change("parameter-became-required", Kind.BREAKING, place, f"{said} is required now")
    elif was and not now:
        yield Change("parameter-became-optional", Kind.COMPATIBLE, place, f"{said} is optional now")
    yield from lifecycle.compare(old, new, "parameter", said)
    before, after = _serialization(old), _serialization(new)
    if before != after:
        kind = Kind.MAYBE if _is_plain(old) and _is_plain(new) else Kind.BREAKING
        message = f"{said} is written as {after}, no longer as {before}"
        yield Change("parameter-serialization-changed", kind, place, message)
    yield from walker.compare(subject, _schema(old), _schema(new))


def _serialization(parameter: Node) -> str:
    content = parameter.fields("content")
    if content:
        return ", ".join(content)
    style = parameter.text("style") or _STYLES.get(parameter.text("in"), "form")
    explode = parameter.flag("explode", default=style == "form")
    reserved = " with reserved characters" if parameter.flag("allowReserved") else ""
    return f"{style}{' exploded' if explode else ''}{reserved}"


def _is_plain(parameter: Node) -> bool:
    """Whether the schema says that the value is no array and no object: then most styles write the same."""
    schema = _schema(parameter)
    kind = schema.resolved().step("type") if schema else None
    return kind is not None and kind.value in ("string", "integer", "number", "boolean")


def _schema(parameter: Node) -> Node | None:
    content = parameter.fields("content")
    if content:
        return next(iter(content.values())).get("schema")
    return parameter.get("schema")
