"""Bodies of requests: whether there is one, its media types, its schemas."""

from collections.abc import Iterator
from dataclasses import replace

from postflight.checks.openapi import media
from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.judgement import Subject
from postflight.checks.openapi.schema_changes import SchemaWalker
from postflight.checks.openapi.validity import canonical


def compare(old: Node | None, new: Node | None, walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    """Compare the bodies of an operation; None is no body."""
    if old is None or new is None:
        yield from _one(old, new)
        return
    place, said = Place(old.pointer, new.pointer), subject.name
    was, now = old.flag("required"), new.flag("required")
    if now and not was:
        yield Change("request-body-became-required", Kind.BREAKING, place, f"{said} is required now")
    elif was and not now:
        yield Change("request-body-became-optional", Kind.COMPATIBLE, place, f"{said} is optional now")
    before, after = old.fields("content"), new.fields("content")
    for name, node, match in media.pair(before, after):
        if match is None:
            message = f"{said} may not be {name[:80]} any more"
            yield Change("request-media-type-removed", Kind.BREAKING, Place(node.pointer, ""), message)
            continue
        typed = replace(subject, name=f"{said} ({media.name_of(name)})")
        yield from walker.compare(typed, node.get("schema"), match.get("schema"))
        yield from _encoding(node, match, typed)
    for name, node in media.added(before, after):
        message = f"{said} may be {name[:80]} now"
        yield Change("request-media-type-added", Kind.COMPATIBLE, Place("", node.pointer), message)


def _one(old: Node | None, new: Node | None) -> Iterator[Change]:
    if new is not None:
        if new.flag("required"):
            yield Change("request-body-added-required", Kind.BREAKING, Place("", new.pointer), "a body is required now")
        else:
            yield Change(
                "request-body-added-optional", Kind.COMPATIBLE, Place("", new.pointer), "a body may be sent now"
            )
    elif old is not None:
        message = "the request has no body any more: what clients send has no effect, or is refused"
        yield Change("request-body-removed", Kind.MAYBE, Place(old.pointer, ""), message)


def _encoding(old: Node, new: Node, subject: Subject) -> Iterator[Change]:
    before, after = (
        {name: canonical(node.value) for name, node in one.fields("encoding").items()} for one in (old, new)
    )
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if changed:
        message = f"{subject.name}: other encoding of {', '.join(changed)[:80]}"
        yield Change("request-encoding-changed", Kind.MAYBE, Place(old.pointer, new.pointer), message)
