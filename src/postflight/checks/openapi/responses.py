"""Answers: statuses, media types, headers, links, and the schemas of bodies and headers."""

from collections.abc import Iterator
from dataclasses import replace

from postflight.checks.openapi import media
from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.judgement import Subject
from postflight.checks.openapi.schema_changes import SchemaWalker


def compare(old: Node, new: Node, walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    """Compare all answers of two operations. `subject.name` is set for each."""
    before = {name: node.resolved() for name, node in old.fields("responses").items()}
    after = {name: node.resolved() for name, node in new.fields("responses").items()}
    for status, node in before.items():
        covering = _covering(status, after)
        if covering is not None and (covering == status or covering not in before):
            yield from _answer(node, after[covering], walker, replace(subject, name=f"the answer {status}"))
        elif all(_covering(other, before) != status for other in after):  # else a range became some of its statuses
            yield _status_removed(status, node)
    for status, node in after.items():
        if status in before:
            continue
        wider = _covering(status, before)
        if wider is None:
            yield _status_added(status, node)
        else:
            yield from _answer(before[wider], node, walker, replace(subject, name=f"the answer {status}"))


def _covering(status: str, among: dict[str, Node]) -> str | None:
    """Return the status, range (`2XX`) or `default` that stands for a status."""
    names = {name.upper(): name for name in among}
    return next((names[one] for one in (status.upper(), f"{status[:1]}XX", "DEFAULT") if one in names), None)


def _is_success(status: str) -> bool:
    return status[:1] in ("1", "2", "3")


def _status_removed(status: str, node: Node) -> Change:
    place = Place(node.pointer, "")
    if _is_success(status):
        message = f"the answer {status} is gone: clients that wait for it do not get it"
        return Change("response-success-status-removed", Kind.BREAKING, place, message)
    return Change("response-error-status-removed", Kind.COMPATIBLE, place, f"the answer {status} is gone")


def _status_added(status: str, node: Node) -> Change:
    place = Place("", node.pointer)
    if _is_success(status):
        message = f"the answer {status} is new: old clients may not take it for success"
        return Change("response-success-status-added", Kind.MAYBE, place, message)
    return Change("response-error-status-added", Kind.COMPATIBLE, place, f"the answer {status} is new")


def _answer(old: Node, new: Node, walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    yield from _bodies(old, new, walker, subject)
    yield from _headers(old, new, walker, subject)
    for name, node in old.fields("links").items():
        if name not in new.fields("links"):
            message = f"{subject.name}: the link {name[:80]!r} is gone"
            yield Change("response-link-removed", Kind.MAYBE, Place(node.pointer, ""), message)


def _bodies(old: Node, new: Node, walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    before, after = old.fields("content"), new.fields("content")
    if before and not after:
        message = f"{subject.name} has no body any more"
        yield Change("response-body-removed", Kind.BREAKING, Place(old.pointer, new.pointer), message)
        return
    for name, node, match in media.pair(before, after):
        if match is None:
            message = f"{subject.name} is not {name[:80]} any more"
            yield Change("response-media-type-removed", Kind.BREAKING, Place(node.pointer, ""), message)
        else:
            typed = replace(subject, name=f"{subject.name} ({media.name_of(name)})")
            yield from walker.compare(typed, node.get("schema"), match.get("schema"))
    for name, node in media.added(before, after):
        # a client that was promised one type did not have to ask for it
        kind = Kind.MAYBE if before else Kind.COMPATIBLE
        yield Change(
            "response-media-type-added", kind, Place("", node.pointer), f"{subject.name} may be {name[:80]} now"
        )


def _headers(old: Node, new: Node, walker: SchemaWalker, subject: Subject) -> Iterator[Change]:
    before, after = (
        {
            name.lower(): node.resolved()
            for name, node in one.fields("headers").items()
            if name.lower() != "content-type"
        }
        for one in (old, new)
    )
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        said = f"{subject.name}, header {name[:80]}"
        if was is None and now is not None:
            yield Change("response-header-added", Kind.COMPATIBLE, Place("", now.pointer), f"{said} is new")
        elif now is None and was is not None:
            kind = Kind.BREAKING if was.flag("required") else Kind.MAYBE
            yield Change("response-header-removed", kind, Place(was.pointer, ""), f"{said} is gone")
        elif was is not None and now is not None:
            yield from _required(was, now, said)
            yield from walker.compare(replace(subject, name=said), was.get("schema"), now.get("schema"))


def _required(old: Node, new: Node, said: str) -> Iterator[Change]:
    was, now, place = old.flag("required"), new.flag("required"), Place(old.pointer, new.pointer)
    if was and not now:
        yield Change("response-header-became-optional", Kind.BREAKING, place, f"{said} is optional now")
    elif now and not was:
        yield Change("response-header-became-required", Kind.COMPATIBLE, place, f"{said} is always there now")
