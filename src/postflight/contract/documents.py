"""The OpenAPI document that the stage works from: its operations, and a form that is safe to hand to a tool."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from postflight.checks.openapi.document import BadDocument, Document, Json
from postflight.checks.openapi.reading import LARGEST_JSON, read
from postflight.errors import ConfigError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SAFE_MARK = "x-postflight-safe"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document."""

    method: str  # GET
    path: str  # the template: /api/projects/{id}
    secured: bool  # whether it needs credentials
    safe: bool  # marked with `x-postflight-safe: true`
    body: bool  # whether it takes one

    @property
    def label(self) -> str:
        """`GET /api/projects/{id}`: its id in tests, findings and messages."""
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        """Return the label: the titles of checks show it."""
        return self.label


def load_file(path: Path) -> Document:
    """Read a document from a file. Raises `ConfigError`, of which `BadDocument` is a kind."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_JSON + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", where=str(path)) from error
    if len(content) > LARGEST_JSON:
        raise ConfigError(f"{path} is larger than {LARGEST_JSON // 1024**2} MiB; leave parts out", where=str(path))
    return read(content, str(path))


def operations(document: Document) -> tuple[Operation, ...]:
    """Return the document's operations, in its order. Raises `BadDocument`."""
    return tuple(_operations(document))


def _operations(document: Document) -> Iterator[Operation]:
    root = document.top.mapping()
    for path, item in document.top.fields("paths").items():
        for method, operation in item.resolved().fields().items():
            if method not in METHODS:
                continue
            value = operation.mapping()
            secured = _needs_credentials(value.get("security", root.get("security")))
            yield Operation(method.upper(), path, secured, value.get(SAFE_MARK) is True, "requestBody" in value)


def _needs_credentials(security: Json) -> bool:
    """Whether every alternative asks for a scheme; `{}` among them means that nothing is needed."""
    return isinstance(security, list) and bool(security) and all(security)


def base_path(document: Document) -> str:
    """Return the path that the document's first server adds to every path, without a slash at its end.

    The host that it names does not count: requests go to the deployment, and to nobody else.
    """
    for server in document.top.items("servers"):
        url = server.text("url")
        if "{" not in url:
            return urlsplit(url).path.rstrip("/")
    return ""


def self_contained(document: Document) -> dict[str, Any]:
    """Return a copy that leads nowhere: a tool that follows references or examples would fetch them from elsewhere.

    Raises `BadDocument` for a reference to another document.
    """
    root = copy.deepcopy(document.root)
    if not isinstance(root, dict):
        raise BadDocument(f"{document.name}: an OpenAPI document is an object")
    _cut_off(root, document.name)
    root.pop("servers", None)
    return root


def _cut_off(value: Any, name: str) -> None:
    if isinstance(value, list):
        for item in value:
            _cut_off(item, name)
    if not isinstance(value, dict):
        return
    reference = value.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        raise BadDocument(f"{name}: $ref {reference!r} leads to another document; bundle them into one first")
    for key in ("externalValue", "servers"):
        if key in value and not _is_property(value[key]):
            del value[key]
    for item in value.values():
        _cut_off(item, name)


def _is_property(value: object) -> bool:
    """Whether this is the schema of a property that happens to have such a name."""
    return isinstance(value, Mapping)
