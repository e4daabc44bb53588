"""A request and its answer as values, for faults that spoil them: buffered, and with their JSON within reach. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from reference import openapi

Json = Any
_LONGEST = {"id": "[^/]+", "sessionId": "[^/]+", "path": ".+"}  # what a path parameter may hold


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `operation` is its operationId, also for HEAD; empty where the contract knows none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    operation: str = ""

    @property
    def json(self) -> Json:
        """The body as JSON, or None."""
        return _load(self.body)

    @property
    def item(self) -> str:
        """The id in the path."""
        return next(iter(self.path.split("/")[3:4]), "")

    def field(self, name: str) -> Json:
        """One field of a JSON object that is sent, or None."""
        return self.json.get(name) if isinstance(self.json, dict) else None

    def sending(self, body: Json) -> "Call":
        """The same with another JSON body."""
        return replace(self, body=json.dumps(body).encode())

    def asking(self, **query: str | None) -> "Call":
        """The same with these parts of the query; None: without."""
        changed = {**self.query, **query}
        return replace(self, query={name: value for name, value in changed.items() if value is not None})

    @property
    def query_string(self) -> bytes:
        """The query as it is sent."""
        return urlencode(self.query).encode()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Names of headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=())
    body: bytes = b""

    @property
    def json(self) -> Json:
        """The body as JSON, or None."""
        return _load(self.body)

    def saying(self, body: Json, status: int | None = None) -> "Reply":
        """The same with another JSON body, and perhaps another status."""
        return replace(self.having("content-type", "application/json"), body=json.dumps(body).encode()).coded(status)

    def coded(self, status: int | None) -> "Reply":
        """The same with another status; None: as it is."""
        return replace(self, status=self.status if status is None else status)

    def having(self, name: str, value: str | None) -> "Reply":
        """The same with this header; None: without."""
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=others if value is None else (*others, (name, value)))

    def error(self, status: int, code: str, message: str) -> "Reply":
        """An error in the shape of the API in place of this answer."""
        return self.saying({"error": {"code": code, "message": message}}, status)


Edit = Callable[[dict[str, Json]], dict[str, Json]]


def each(edit: Edit, *lists: str) -> Callable[[Json], Json]:
    """Return a function that edits an object, or those in its lists of these names."""

    def apply(body: Json) -> Json:
        if not isinstance(body, dict):
            return body
        for name in lists:
            if isinstance(body.get(name), list):
                return {**body, name: [edit(one) for one in body[name]]}
        return edit(body)

    return apply


def read_call(method: str, path: str, query: bytes, headers: Mapping[str, str], body: bytes) -> Call:
    """Return the call, and which operation it is."""
    asked = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return Call(method, path, asked, headers, body, operation_of(method, path))


def operation_of(method: str, path: str) -> str:
    """Return the operationId of a request, or nothing. HEAD is a way of GET."""
    wanted = "get" if method == "HEAD" else method.lower()
    return next((methods.get(wanted, "") for shape, methods in _operations() if shape.fullmatch(path)), "")


def is_documented(path: str) -> bool:
    """Tell whether the contract has this path."""
    return any(shape.fullmatch(path) for shape, _ in _operations())


@cache
def _operations() -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    """Paths as patterns, those without parameters first, and the operations of their methods."""
    paths = sorted(openapi.document("")["paths"].items(), key=lambda item: item[0].count("{"))
    return tuple(
        (
            re.compile(re.sub(r"\{(\w+)\}", lambda found: _LONGEST[found[1]], path)),
            {name: operation["operationId"] for name, operation in methods.items() if name != "parameters"},
        )
        for path, methods in paths
    )


def _load(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
