"""Observed exchanges, made up for tests of the laws."""

import json
from collections.abc import Iterable
from typing import Any

from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.flow import Request, Response

JSON_TYPE = {"content-type": "application/json"}


def exchange(
    name: str = "GET /api/things",
    status: int = 200,
    body: Any = None,
    headers: dict[str, str] | None = None,
    operation: str = "",
) -> Exchange:
    """An exchange; a body that is no text is sent as JSON."""
    method, path = name.split(" ", 1)
    content = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
    sent = {**(JSON_TYPE if body is not None and not isinstance(body, str) else {}), **(headers or {})}
    response = Response(status, tuple(sent.items()), content, f"http://h{path}", 0.0)
    return Exchange(operation, Request(method, "web", path), response)


def laws(violations: Iterable[Violation]) -> list[str]:
    """The laws that were broken."""
    return [one.law for one in violations]
