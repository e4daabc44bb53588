"""An OpenAPI document as a tree of nodes that know their JSON pointers: every error and finding names a place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

from postflight.errors import ConfigError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

LONGEST_CHAIN = 100  # references that lead to references


class BadDocument(ConfigError):
    """A document that cannot be compared. The message names the place and what to do there."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that was read: `reading.read` bounds its size and depth and checks its version."""

    name: str  # a path or URL, as people know it
    root: Json
    version: tuple[int, int] = (3, 1)

    @property
    def top(self) -> "Node":
        """The root as a node."""
        return Node(self, "", self.root)

    def find(self, pointer: str) -> "Node | None":
        """Return the node at a JSON pointer (RFC 6901), or None. `~1` is `/` and `~0` is `~`."""
        node: Node | None = self.top
        for token in pointer.split("/")[1:]:
            node = node.step(token.replace("~1", "/").replace("~0", "~")) if node else None
        return node


@dataclass(frozen=True, slots=True, order=False)
class Node:
    """One value and where it is. Equal when it is the same place of the same document."""

    document: Document
    pointer: str
    value: Json = field(compare=False, repr=False)

    def step(self, key: str) -> "Node | None":
        """Return the child of this key or index, or None."""
        value = self.value
        if isinstance(value, Mapping):
            return self.child(key, value[key]) if key in value else None
        if isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 9 and int(key) < len(value):
            return self.child(key, value[int(key)])
        return None

    def get(self, key: str) -> "Node | None":
        """Return a field of this object; raises `BadDocument` when this is no object."""
        fields = self.mapping()
        return self.child(key, fields[key]) if key in fields else None

    def fields(self, key: str | None = None) -> "dict[str, Node]":
        """Return the fields of this object, or of the object in its field `key` (none when there is no such field)."""
        if key is not None:
            inner = self.get(key)
            return inner.fields() if inner else {}
        return {name: self.child(name, value) for name, value in self.mapping().items()}

    def items(self, key: str) -> "tuple[Node, ...]":
        """Return the elements of the list in the field `key` (none when there is no such field)."""
        inner = self.get(key)
        if inner is None:
            return ()
        if not isinstance(inner.value, list):
            raise inner.wrong("a list")
        return tuple(inner.child(str(index), value) for index, value in enumerate(inner.value))

    def mapping(self) -> Mapping[str, Json]:
        """Return this object's values; raises `BadDocument` when it is no object."""
        if not isinstance(self.value, Mapping):
            raise self.wrong("an object")
        return self.value

    def text(self, key: str, default: str = "") -> str:
        """Return the text in the field `key`."""
        inner = self.get(key)
        if inner is None:
            return default
        if not isinstance(inner.value, str):
            raise inner.wrong("a text")
        return inner.value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return the truth value in the field `key`."""
        inner = self.get(key)
        if inner is None:
            return default
        if not isinstance(inner.value, bool):
            raise inner.wrong("true or false")
        return inner.value

    def resolved(self) -> "Node":
        """Follow `$ref`s to what they stand for. Raises `BadDocument` for remote, dangling and endless ones."""
        node = self
        for _ in range(LONGEST_CHAIN):
            reference = node.value.get("$ref") if isinstance(node.value, Mapping) else None
            if reference is None:
                return node
            node = node.follow(reference)
        raise BadDocument(f"{self.where}: this $ref leads to references without end; let it name what it stands for")

    def follow(self, reference: Json) -> "Node":
        """Return what a `$ref` in this node names."""
        if not isinstance(reference, str):
            raise BadDocument(f"{self.where}/$ref: expected a text, found {kind_of(reference)}")
        if not reference.startswith("#"):
            raise BadDocument(
                f"{self.where}/$ref: {reference[:200]!r} is in another document, and those are not fetched; "
                "bundle all into one document first (for instance with `redocly bundle`)"
            )
        if reference[1:2] not in ("", "/"):
            raise BadDocument(f"{self.where}/$ref: {reference[:200]!r} names an anchor; write a JSON pointer (#/...)")
        found = self.document.find(unquote(reference[1:]))
        if found is None:
            raise BadDocument(f"{self.where}/$ref: there is no {reference[:200]!r} here; add it, or correct its name")
        return found

    @property
    def where(self) -> str:
        """`document#pointer`, for people."""
        return f"{self.document.name}#{self.pointer}"

    def wrong(self, expected: str) -> BadDocument:
        """Build the error for a value of another kind."""
        return BadDocument(f"{self.where}: expected {expected}, found {kind_of(self.value)}")

    def child(self, key: str, value: Json) -> "Node":
        """Make the node of a value that is in this one."""
        return Node(self.document, f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}", value)


def kind_of(value: Json) -> str:
    """Say what a value is, for people."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an object" if isinstance(value, Mapping) else "a list"
