"""Two documents to changes."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from postflight.checks.openapi import security
from postflight.checks.openapi.change import Change, Kind, Ledger, Place, worst
from postflight.checks.openapi.document import Document, Node
from postflight.checks.openapi.operations import OperationWalker
from postflight.checks.openapi.relation import Relations
from postflight.checks.openapi.schema_changes import SchemaWalker


def compare(old: Document, new: Document, today: date) -> tuple[Change, ...]:
    """Return all changes from the old document to the new one, the worst first.

    `today` decides whether the sunset of a removed operation has come. Raises `BadDocument`.
    """
    ledger = Ledger()
    walker = SchemaWalker(Relations())
    ledger.add(OperationWalker(walker, today).compare(old.top.fields("paths"), new.top.fields("paths")))
    ledger.add(OperationWalker(walker, today, "webhook").compare(_webhooks(old), _webhooks(new)))
    ledger.add(security.compare_schemes(old.top, new.top))
    ledger.add(_servers(old, new))
    ledger.add(_version(old, new, worst(ledger.found.values())))
    return ledger.in_order()


def _webhooks(document: Document) -> dict[str, Node]:
    return document.top.fields("webhooks") if document.version >= (3, 1) else {}


def _servers(old: Document, new: Document) -> Iterator[Change]:
    """Compare the paths of servers' addresses. Which host a document is deployed at is no part of the contract."""
    before, after = ({_base(node): node for node in one.top.items("servers")} or {"": one.top} for one in (old, new))
    for base, node in before.items():
        if base not in after:
            message = f"no server has the base path {base or '/'!r} any more"
            yield Change("server-removed", Kind.MAYBE, Place(node.pointer, ""), message)
    for base, node in after.items():
        if base not in before:
            message = f"a server with the base path {base or '/'!r} is new"
            yield Change("server-added", Kind.COMPATIBLE, Place("", node.pointer), message)


def _base(server: Node) -> str:
    try:
        return urlsplit(server.text("url")).path.rstrip("/")
    except ValueError:
        return server.text("url")


def _version(old: Document, new: Document, kind: Kind) -> Iterator[Change]:
    before, after = (_numbers(one) for one in (old, new))
    place = Place("/info/version", "/info/version")
    if before is None or after is None:
        return
    if after < before:
        message = f"the version {_shown(after)} is lower than {_shown(before)}"
        yield Change("version-decreased", Kind.MAYBE, place, message)
    elif kind is Kind.BREAKING and after[0] == before[0]:
        message = f"something breaks, and the major version is still {after[0]}"
        yield Change("major-version-not-raised", Kind.COMPATIBLE, place, message)


def _numbers(document: Document) -> tuple[int, ...] | None:
    info = document.top.get("info")
    said = info.step("version") if info else None
    if said is None or not re.fullmatch(r"v?\d{1,9}(\.\d{1,9}){0,3}", str(said.value)):
        return None
    return tuple(int(part) for part in str(said.value).removeprefix("v").split("."))


def _shown(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
