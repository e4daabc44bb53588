"""What the document promises of each operation, as far as laws need it: paths, defaults, choices, who may call it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from postflight.checks.openapi.document import BadDocument, Document, Json, Node
from postflight.checks.openapi.operations import gather

_PARAMETER = re.compile(r"\{([^{}/]+)\}")


@dataclass(frozen=True, slots=True)
class Promise:
    """One operation. `path` is its template; `safe` says that somebody marked it so (`x-postflight-safe`)."""

    id: str
    method: str
    path: str
    protected: bool
    node: Node
    item: Node

    @property
    def name(self) -> str:
        """`GET /api/projects/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the parameters in the path."""
        return tuple(_PARAMETER.findall(self.path))

    def address(self, keys: Mapping[str, str], query: Mapping[str, str | int] | None = None) -> str:
        """Return the path with these values in it, and a query. A slash in a value stays one."""
        path = _PARAMETER.sub(lambda found: quote(keys[found[1]]), self.path)
        return f"{path}?{urlencode(query)}" if query else path

    def default(self, parameter: str) -> Json:
        """Return the default of a parameter of the query, or None."""
        schema = self._schema(parameter)
        return schema.mapping().get("default") if schema else None

    def choices(self, parameter: str) -> tuple[str, ...]:
        """Return what a parameter of the query may be, where that is listed."""
        schema = self._schema(parameter)
        listed = schema.mapping().get("enum") if schema else None
        return tuple(str(one) for one in listed) if isinstance(listed, list) else ()

    def body_field(self, name: str) -> Mapping[str, Json]:
        """Return the schema of a field of the JSON body, or nothing."""
        body = self.node.get("requestBody")
        content = body.resolved().fields("content").get("application/json") if body else None
        schema = content.get("schema") if content else None
        field = schema.resolved().fields("properties").get(name) if schema else None
        return field.resolved().mapping() if field else {}

    def answers(self) -> Mapping[str, Node]:
        """Return the documented answers by status: `200`, `4XX`, `default`."""
        return {status: node.resolved() for status, node in self.node.fields("responses").items()}

    def _schema(self, parameter: str) -> Node | None:
        for node in (*self.node.items("parameters"), *self.item.items("parameters")):
            declared = node.resolved()
            if declared.text("in") == "query" and declared.text("name") == parameter:
                schema = declared.get("schema")
                return schema.resolved() if schema else None
        return None


@dataclass(frozen=True, slots=True)
class Promises:
    """All operations of a document, by operationId."""

    document: Document
    by_id: Mapping[str, Promise]

    @classmethod
    def of(cls, document: Document) -> "Promises":
        """Read a document. Raises `BadDocument` for one whose operations have no ids."""
        return cls(document, {promise.id: promise for promise in _read(document)})

    def __getitem__(self, operation: str) -> Promise:
        """Return the operation of this id. Raises `BadDocument`, naming those that there are."""
        if operation not in self.by_id:
            known = ", ".join(sorted(self.by_id))
            raise BadDocument(f"{self.document.name}: there is no operationId {operation!r}; there are {known}")
        return self.by_id[operation]

    def methods_of(self, path: str) -> frozenset[str]:
        """Return the documented methods of a path's template."""
        return frozenset(promise.method for promise in self.by_id.values() if promise.path == path)


def _read(document: Document) -> Iterator[Promise]:
    everywhere = document.top.mapping().get("security")
    for operation in gather(document.top.fields("paths")).values():
        name = operation.node.text("operationId")
        if not name:
            raise BadDocument(f"{operation.node.where}: this operation has no operationId; give it one")
        security = operation.node.mapping().get("security", everywhere)
        protected = isinstance(security, list) and bool(security) and all(security)
        yield Promise(name, operation.method.upper(), operation.path, protected, operation.node, operation.item)
