"""What holds at a place: schema objects of both dialects in one form, with `$ref` and `allOf` taken apart.

The form is JSON Schema 2020-12's. Of OpenAPI 3.0 it is what that version means: `nullable` widens the `type` beside it,
`exclusiveMinimum: true` belongs to `minimum`, what stands beside `$ref` does not count, and keywords
that 3.0 does not have are not there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from postflight.checks.openapi.document import Document, Json, Node

TYPES = ("null", "boolean", "number", "string", "array", "object")
_ALL_TYPES = (*TYPES, "integer")
_ONLY_IN_3_1 = frozenset(
    {
        "const", "contains", "contentEncoding", "contentMediaType", "contentSchema", "dependentRequired",
        "dependentSchemas", "else", "if", "maxContains", "minContains", "patternProperties", "prefixItems",
        "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
MOST_PIECES = 500  # of one place


class TooComplex(Exception):
    """A schema is beyond what is analysed: the answer is that nobody can tell."""


@dataclass(frozen=True, slots=True)
class Side:
    """From which side of the wire a schema is read.

    Who sends leaves properties out that it does not own (`readOnly` in requests, `writeOnly` in responses) and sends
    what is declared: undeclared ones only where a schema says `additionalProperties` or declares none at all. Who
    accepts does not look at properties that the sender does not own.
    """

    hides: str  # "readOnly" or "writeOnly"
    sends: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """Schema objects of which all hold. None at all: every value is valid."""

    nodes: tuple[Node, ...]
    side: Side

    def at(self, nodes: Iterable[Node]) -> "Schema":
        """Return the schema of other nodes, on the same side."""
        return Schema(tuple(sorted(set(nodes), key=lambda node: node.pointer)), self.side)

    @property
    def pieces(self) -> "tuple[Piece, ...]":
        """What holds here, without `$ref` and `allOf`."""
        return _pieces(self.nodes)

    @property
    def never(self) -> "Schema":
        """The schema that no value fits."""
        return Schema((NEVER,), self.side)

    @property
    def anything(self) -> "Schema":
        """The schema that every value fits."""
        return Schema((), self.side)

    @property
    def hidden(self) -> bool:
        """Whether this is a property that the sender does not own."""
        return any(piece.keywords.get(self.side.hides) is True for piece in self.pieces)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One schema object's own keywords, in the form of 2020-12. `false` is `{"not": {}}`."""

    node: Node
    keywords: Mapping[str, Json]
    _named: dict[str, dict[str, Node]] = field(default_factory=dict, repr=False)  # made once, asked for very often

    def child(self, *keys: str | int) -> Node:
        """Return the subschema at these keys; it is there."""
        node: Node | None = self.node
        for key in keys:
            node = node.step(str(key)) if node else None
        if node is None:
            raise KeyError(keys)
        return node

    def children(self, keyword: str) -> tuple[Node, ...]:
        """Return the subschemas in a list."""
        return self.node.items(keyword) if keyword in self.keywords else ()

    def named(self, keyword: str) -> dict[str, Node]:
        """Return the subschemas in an object, by name."""
        if keyword not in self.keywords:
            return {}
        if keyword not in self._named:
            self._named[keyword] = self.node.fields(keyword)
        return self._named[keyword]

    def single(self, keyword: str) -> Node | None:
        """Return the one subschema of a keyword."""
        return self.node.step(keyword) if keyword in self.keywords else None

    @property
    def types(self) -> frozenset[str]:
        """Return the types that may be here; `number` stands for `integer` too."""
        said = self.keywords.get("type")
        if said is None:
            return frozenset(_ALL_TYPES)
        types = frozenset((said,) if isinstance(said, str) else (str(one) for one in said))  # type: ignore[union-attr]
        return types | {"integer"} if "number" in types else types

    @property
    def values(self) -> tuple[Json, ...] | None:
        """Return the values of `enum` and `const`, or None when any is allowed."""
        if "const" in self.keywords:
            return (self.keywords["const"],)
        said = self.keywords.get("enum")
        return tuple(said) if isinstance(said, list) else None


NEVER = Node(Document("nothing", root=False), "", value=False)


@lru_cache(maxsize=8192)
def _pieces(nodes: tuple[Node, ...]) -> tuple[Piece, ...]:
    found: dict[str, Piece] = {}
    todo = list(reversed(nodes))
    while todo:
        node = todo.pop()
        if node.pointer in found:
            continue  # a schema that contains itself by allOf says nothing new
        if len(found) >= MOST_PIECES:
            raise TooComplex(f"{node.where}: more than {MOST_PIECES} schemas hold here together")
        piece = modern(node)
        found[node.pointer] = piece
        if isinstance(node.value, Mapping):
            if "$ref" in node.value:
                todo.append(node.follow(node.value["$ref"]))
            if "allOf" in node.value and ("$ref" not in node.value or node.document.version >= (3, 1)):
                todo += reversed(node.items("allOf"))
    return tuple(piece for piece in found.values() if piece.keywords)


@lru_cache(maxsize=8192)
def modern(node: Node) -> Piece:
    """Return a schema object's own keywords. Raises `BadDocument` for keywords of wrong kinds."""
    if isinstance(node.value, bool) and (node.document.version >= (3, 1) or node is NEVER):
        return Piece(node, {} if node.value else {"not": {}})
    keywords = {key: value for key, value in node.mapping().items() if key not in ("$ref", "allOf")}
    if node.document.version < (3, 1):
        if "$ref" in node.mapping():
            return Piece(node, {})
        keywords = _from_3_0(keywords)
    for keyword, (check, expected) in _CHECKS.items():
        if keyword in keywords and not check(keywords[keyword]):
            raise (node.get(keyword) or node).wrong(expected)
    return Piece(node, keywords)


def _from_3_0(keywords: dict[str, Json]) -> dict[str, Json]:
    known = {key: value for key, value in keywords.items() if key not in _ONLY_IN_3_1}
    if known.pop("nullable", False) is True and isinstance(known.get("type"), str):
        known["type"] = [known["type"], "null"]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if known.pop(exclusive, False) is True and bound in known:
            known[exclusive] = known.pop(bound)
    return known


def _is_count(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_types(value: Json) -> bool:
    return (isinstance(value, str) and value in _ALL_TYPES) or (
        isinstance(value, list) and all(isinstance(one, str) and one in _ALL_TYPES for one in value)
    )


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_schema(value: Json) -> bool:
    return isinstance(value, Mapping | bool)


def _are_schemas(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_schema(one) for one in value)


def _are_named_schemas(value: Json) -> bool:
    return isinstance(value, Mapping) and all(_is_schema(one) for one in value.values())


def _are_named_texts(value: Json) -> bool:
    return isinstance(value, Mapping) and all(_is_texts(one) for one in value.values())


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_step(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _is_flag(value: Json) -> bool:
    return isinstance(value, bool)


def _is_object(value: Json) -> bool:
    return isinstance(value, Mapping)


_Check = tuple[Callable[[Json], bool], str]


def _each(names: str, check: Callable[[Json], bool], expected: str) -> dict[str, _Check]:
    return dict.fromkeys(names.split(), (check, expected))


_CHECKS: dict[str, _Check] = {
    "type": (_is_types, f"one of {', '.join(_ALL_TYPES)}, or a list of them"),
    **_each("enum", _is_list, "a list"),
    **_each("required", _is_texts, "a list of texts"),
    **_each("pattern format contentEncoding contentMediaType", _is_text, "a text"),
    **_each("minimum maximum exclusiveMinimum exclusiveMaximum", _is_number, "a number"),
    **_each("multipleOf", _is_step, "a number greater than 0"),
    **_each(
        "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains",
        _is_count, "a whole number from 0",
    ),
    **_each("uniqueItems readOnly writeOnly deprecated", _is_flag, "true or false"),
    **_each("anyOf oneOf prefixItems", _are_schemas, "a list of schemas, and at least one"),
    **_each("properties patternProperties dependentSchemas", _are_named_schemas, "an object of schemas"),
    **_each(
        "items additionalProperties not if then else contains propertyNames "
        "unevaluatedItems unevaluatedProperties contentSchema",
        _is_schema, "a schema",
    ),
    **_each("dependentRequired", _are_named_texts, "lists of texts by name"),
    **_each("discriminator", _is_object, "an object"),
}  # fmt: skip
