"""A schema as a union of branches of one type each, with all that holds in each: `anyOf` and `oneOf` taken apart.

What is not taken apart (`not`, `if`, `contains`, ...) stays as an opaque demand: a branch that sends may forget it,
since its values are only fewer; one that accepts must find the very same demand at the sender.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.document import Json, Node
from postflight.checks.openapi.likeness import alike
from postflight.checks.openapi.schema import TYPES, Piece, Schema, Side, TooComplex
from postflight.checks.openapi.validity import canonical, type_of, valid

MOST_BRANCHES = 64
_DEEPEST = 20  # unions within unions, before any property or element
_OPAQUE = (  # keywords that are judged together, and the types that they concern (none: all)
    (("not",), ()),
    (("if", "then", "else"), ()),
    (("contains", "minContains", "maxContains"), ("array",)),
    (("unevaluatedItems",), ("array",)),
    (("unevaluatedProperties",), ("object",)),
    (("dependentRequired",), ("object",)),
    (("dependentSchemas",), ("object",)),
    (("propertyNames",), ("object",)),
)
_WHOLE = ("unevaluatedItems", "unevaluatedProperties")  # these depend on all their neighbours


@dataclass(frozen=True, slots=True)
class Demand:
    """Something that must hold and is not taken apart: some keywords of a schema object."""

    node: Node
    keywords: tuple[str, ...]  # none: the whole object

    def negated(self) -> Schema | None:
        """Return what `not` says must not be, or None for other demands. It is read as a whole, from neither side."""
        node = self.node.step("not") if self.keywords == ("not",) else None
        return Schema((node,), Side("", sends=False)) if node else None

    def same_as(self, other: "Demand") -> bool:
        """Whether both demand the same, in whatever documents."""
        if self.keywords != other.keywords:
            return False
        return alike(self.node, other.node, frozenset(self.keywords) or None)


@dataclass(frozen=True, slots=True)
class Branch:
    """Values of one type for which all pieces hold; unions among the pieces' keywords are already resolved."""

    type: str
    pieces: tuple[Piece, ...]
    demands: tuple[Demand, ...]
    schema: Schema  # where it comes from

    @property
    def whole(self) -> bool:
        """Whether only integers are left of `number`."""
        return any("number" not in piece.types for piece in self.pieces)

    def values(self) -> list[Json] | None:
        """Return the listed values that remain, or None without a list. Booleans and null are their own lists."""
        listed = [piece.values for piece in self.pieces if piece.values is not None]
        if self.type == "null":
            start: tuple[Json, ...] = (None,)
        elif self.type == "boolean":
            start = (True, False)
        elif listed:
            start = min(listed, key=len)
        else:
            return None
        kept = {canonical(one): one for one in start if _basic(type_of(one)) == self.type}
        for values in listed:
            allowed = {canonical(one) for one in values}
            kept = {text: one for text, one in kept.items() if text in allowed}
        return [one for one in kept.values() if valid(self.schema, one) is not Answer.NO]


def _basic(kind: str) -> str:
    return "number" if kind == "integer" else kind


@lru_cache(maxsize=8192)
def branches(schema: Schema) -> tuple[Branch, ...]:
    """Return the union. Raises `TooComplex`."""
    found: list[Branch] = []
    for pieces, demands in _unions(schema, 0):
        for kind in TYPES:
            if all(kind in piece.types or (kind == "number" and "integer" in piece.types) for piece in pieces):
                concerning = tuple(one for one in demands if _concerns(one, kind))
                found.append(Branch(kind, pieces, concerning, schema))
    return tuple(found)


_Union = tuple[tuple[Piece, ...], tuple[Demand, ...]]


@lru_cache(maxsize=8192)
def _unions(schema: Schema, depth: int) -> list[_Union]:
    if depth > _DEEPEST:
        raise TooComplex("unions within unions")
    result: list[_Union] = [((), ())]
    for piece in schema.pieces:
        if piece.keywords.get("not") == {} or piece.keywords.get("not") is True:
            return []
        own = tuple(_demands(piece))
        result = [((*pieces, piece), (*demands, *own)) for pieces, demands in result]
        for keyword in ("anyOf", "oneOf"):
            options = piece.children(keyword)
            if not options:
                continue
            extra = () if keyword == "anyOf" or _disjoint(schema, options, depth) else (Demand(piece.node, (keyword,)),)
            choices = [one for node in options for one in _unions(schema.at((node,)), depth + 1)]
            if len(result) * len(choices) > MOST_BRANCHES:
                raise TooComplex("too many combinations of anyOf and oneOf")
            result = [
                ((*pieces, *more), (*demands, *further, *extra))
                for (pieces, demands), (more, further) in product(result, choices)
            ]
    return result


def _demands(piece: Piece) -> Iterator[Demand]:
    for keywords, _ in _OPAQUE:
        if keywords[0] not in piece.keywords or piece.keywords[keywords[0]] is True:
            continue
        yield Demand(piece.node, () if keywords[0] in _WHOLE else keywords)


def _concerns(demand: Demand, kind: str) -> bool:
    for keywords, kinds in _OPAQUE:
        if demand.keywords == keywords:
            return not kinds or kind in kinds
    return True


def _disjoint(schema: Schema, options: tuple[Node, ...], depth: int) -> bool:
    """Whether no value can fit two of these: then `oneOf` is `anyOf`."""
    unions = [_unions(schema.at((node,)), depth + 1) for node in options]
    for index, first in enumerate(unions):
        for second in unions[index + 1 :]:
            if not all(_apart(one, other, schema) for one, _ in first for other, _ in second):
                return False
    return True


def _apart(one: tuple[Piece, ...], other: tuple[Piece, ...], schema: Schema) -> bool:
    """Whether two branches share no value: by type, by listed values, or by a required property's listed values."""
    mine, theirs = _types(one), _types(other)
    shared = mine & theirs
    if not shared:
        return True
    values, others = _values(one), _values(other)
    if values is not None and others is not None and not values & others:
        return True
    if shared != {"object"}:
        return False
    needed = _required(one) & _required(other)
    for name in needed:
        values, others = (
            _values(
                tuple(deep for piece in side for node in _property(piece, name) for deep in schema.at((node,)).pieces)
            )
            for side in (one, other)
        )
        if values is not None and others is not None and not values & others:
            return True
    return False


def _types(pieces: tuple[Piece, ...]) -> frozenset[str]:
    types = frozenset((*TYPES, "integer"))
    for piece in pieces:
        types &= piece.types
    return types


def _values(pieces: tuple[Piece, ...]) -> set[str] | None:
    found: set[str] | None = None
    for piece in pieces:
        if piece.values is not None:
            texts = {canonical(one) for one in piece.values}
            found = texts if found is None else found & texts
    return found


def _required(pieces: tuple[Piece, ...]) -> set[str]:
    return {str(name) for piece in pieces for name in piece.keywords.get("required", ())}  # type: ignore[union-attr]


def _property(piece: Piece, name: str) -> tuple[Node, ...]:
    node = piece.named("properties").get(name)
    return (node,) if node is not None else ()
