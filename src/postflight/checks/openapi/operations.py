"""Paths and methods: which operation of one document is which of the other, and all that two of them say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from postflight.checks.openapi import bodies, lifecycle, parameters, responses, security
from postflight.checks.openapi.change import Change, Kind, Place
from postflight.checks.openapi.document import Node
from postflight.checks.openapi.judgement import Subject
from postflight.checks.openapi.schema_changes import SchemaWalker

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation and where it is."""

    method: str
    path: str
    item: Node
    node: Node

    @property
    def name(self) -> str:
        """`POST /api/projects`."""
        return f"{self.method.upper()} {self.path}"


def gather(paths: dict[str, Node]) -> dict[tuple[str, str], Operation]:
    """Return operations by method and by the shape of their path: what its parameters are called does not count."""
    found = {}
    for path, node in paths.items():
        if path.startswith("x-"):
            continue
        item = node.resolved()
        for method in METHODS:
            operation = item.get(method)
            if operation is not None:
                operation.mapping()
                found[method, shape(path)] = Operation(method, path, item, operation)
    return found


def shape(path: str) -> str:
    """`/projects/{id}` -> `/projects/{}`."""
    return re.sub(r"\{[^}]*\}", "{}", path)


@dataclass(slots=True)
class OperationWalker:
    """Compares operations. `called` says which way they go: clients call an API, and a webhook calls clients."""

    walker: SchemaWalker
    today: date
    what: str = "operation"  # or "webhook", "callback"

    def compare(self, old: dict[str, Node], new: dict[str, Node]) -> Iterator[Change]:
        """Compare all operations of two path objects."""
        before, after = gather(old), gather(new)
        shapes = {path for _, path in after}
        for key, operation in before.items():
            if key not in after:
                yield replace(self._removed(operation, has_path=key[1] in shapes), operations=(operation.name,))
                continue
            for change in self._both(operation, after[key]):
                yield change if change.operations else replace(change, operations=(operation.name,))
        for key, operation in after.items():
            if key not in before:
                place = Place("", operation.node.pointer)
                message = f"the {self.what} {operation.name} is new"
                yield Change(f"{self.what}-added", Kind.COMPATIBLE, place, message, (operation.name,))

    def _removed(self, operation: Operation, *, has_path: bool) -> Change:
        said = f"the {self.what} {operation.name}"
        if self.what != "operation":
            return Change(f"{self.what}-removed", Kind.BREAKING, Place(operation.node.pointer, ""), f"{said} is gone")
        id_ = "operation-removed" if has_path else "path-removed"
        return lifecycle.removal(operation.node, id_, said, self.today)

    def _both(self, old: Operation, new: Operation) -> Iterator[Change]:
        # In a webhook or callback the server sends requests, and clients answer: the schemas go the other way.
        outward = ("request", "response") if self.what == "operation" else ("response", "request")
        asked = Subject(outward[0], "the request body", old.name)
        yield from lifecycle.compare(old.node, new.node, "operation", old.name)
        yield from _names(old, new)
        if self.what == "operation":
            yield from security.compare_operations(old.node, new.node, old.name)
            yield from parameters.compare(
                parameters.gather(old.path, old.item, old.node),
                parameters.gather(new.path, new.item, new.node),
                self.walker,
                asked,
            )
        before, after = (one.node.get("requestBody") for one in (old, new))
        yield from bodies.compare(
            before.resolved() if before else None, after.resolved() if after else None, self.walker, asked
        )
        yield from responses.compare(old.node, new.node, self.walker, Subject(outward[1], "", old.name))
        if self.what == "operation":
            yield from self._callbacks(old, new)

    def _callbacks(self, old: Operation, new: Operation) -> Iterator[Change]:
        inner = replace(self, what="callback")
        before, after = (
            {
                f"{name} {address}": item
                for name, callback in one.node.fields("callbacks").items()
                for address, item in callback.resolved().fields().items()
            }
            for one in (old, new)
        )
        for change in inner.compare(before, after):
            yield replace(
                change, operations=(old.name,), message=f"callback {change.operations[0][:120]}: {change.message}"
            )


def _names(old: Operation, new: Operation) -> Iterator[Change]:
    place = Place(old.node.pointer, new.node.pointer)
    before, after = old.node.text("operationId"), new.node.text("operationId")
    if before and before != after:
        message = f"{old.name} is called {after or 'nothing'!r}, no longer {before!r}"
        yield Change("operation-id-changed", Kind.MAYBE, place, message)
    tags, others = ({str(tag.value) for tag in one.node.items("tags")} for one in (old, new))
    for suffix, found in (("added", others - tags), ("removed", tags - others)):
        if found:
            message = f"{old.name}: tag {', '.join(sorted(found))[:80]} was {suffix}"
            yield Change(f"tag-{suffix}", Kind.COMPATIBLE, place, message)
