"""A schema as a person compares it: `allOf` merged, the tightest bound of several, null apart from the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from postflight.checks.openapi.branches import Branch, branches
from postflight.checks.openapi.catalog import BOUNDS
from postflight.checks.openapi.document import Json, Node
from postflight.checks.openapi.facts import Arrays, Objects
from postflight.checks.openapi.schema import TYPES, Piece, Schema, TooComplex
from postflight.checks.openapi.validity import canonical, number, type_of

_UNIONS = ("anyOf", "oneOf")


@dataclass(frozen=True)
class View:
    """All that the pieces of a schema say, taken together."""

    schema: Schema
    whole: frozenset[str] = frozenset()  # of `anyOf` and `oneOf`, those that are not taken apart

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces; unions of one alternative, or of one and null, are part of them."""
        found = list(self.schema.pieces)
        for piece in found:  # grows while it is walked
            if len(found) < 200 and (inner := self._wrapped(piece)) is not None:
                found += [one for one in self.schema.at((inner,)).pieces if one.node not in {had.node for had in found}]
        return tuple(found)

    @cached_property
    def node(self) -> Node | None:
        """Where the schema is, or None when there is none."""
        return self.pieces[0].node if self.pieces else next(iter(self.schema.nodes), None)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types that occur, without null; `number` is without `integer` beside it."""
        return frozenset(self._all_types - {"null"})

    @cached_property
    def nullable(self) -> bool:
        """Whether null may be there."""
        return "null" in self._all_types

    @cached_property
    def _all_types(self) -> frozenset[str]:
        try:
            found: set[str] = set()
            for branch in branches(self.schema):
                values = branch.values()
                if values is not None:
                    found |= {"string" if type_of(one) == "string" else type_of(one) for one in values}
                else:
                    found.add("integer" if branch.type == "number" and branch.whole else branch.type)
        except TooComplex:
            found = set(TYPES)
            for piece in self.schema.pieces:
                found &= piece.types
        return frozenset(found - {"integer"} if "number" in found else found)

    def fact(self, keyword: str) -> tuple[Json, Node] | None:
        """Return what a keyword says, and where: the tightest of several bounds, else the first.

        3.0 writes an exclusive bound in two keywords: then the place is the schema object.
        """
        said = [
            (piece.keywords[keyword], piece.node.step(keyword) or piece.node)
            for piece in self.pieces
            if keyword in piece.keywords
        ]
        if keyword not in BOUNDS or not said:
            return said[0] if said else None
        return (max if BOUNDS[keyword] else min)(said, key=lambda one: number(one[0]) or 0)

    @cached_property
    def values(self) -> dict[str, Node] | None:
        """The listed values as JSON texts, without null, and where their list is."""
        found: dict[str, Node] | None = None
        for piece in self.pieces:
            if piece.values is None:
                continue
            node = piece.node.step("const") or piece.node.step("enum") or piece.node
            texts = {canonical(one): node for one in piece.values if one is not None}
            found = texts if found is None else {text: node for text, node in found.items() if text in texts}
        return found

    @cached_property
    def objects(self) -> Objects:
        """What holds of properties."""
        return Objects.of(Branch("object", self.pieces, (), self.schema))

    @cached_property
    def arrays(self) -> Arrays:
        """What holds of elements."""
        return Arrays.of(Branch("array", self.pieces, (), self.schema))

    def property(self, name: str) -> Schema:
        """Return the schemas that declare a property, hidden or not."""
        nodes = [piece.named("properties").get(name) for piece in self.pieces]
        return self.schema.at(node for node in nodes if node is not None)

    @cached_property
    def asked(self) -> frozenset[str]:
        """The names in `required`, hidden or not."""
        return frozenset(
            str(name)
            for piece in self.pieces
            if isinstance(names := piece.keywords.get("required"), list)
            for name in names
        )

    def options(self, keyword: str) -> tuple[Node, ...]:
        """Return the alternatives of `anyOf` or `oneOf`, without null."""
        found = [_not_null(piece, keyword) for piece in self.pieces]
        return tuple(node for rest in found if len(rest) > 1 or keyword in self.whole for node in rest)

    def _wrapped(self, piece: Piece) -> Node | None:
        """Return the one alternative of a union that has just one, apart from null."""
        for keyword in _UNIONS:
            if keyword not in self.whole and len(rest := _not_null(piece, keyword)) == 1:
                return rest[0]
        return None


def views(old: Schema, new: Schema) -> tuple[View, View]:
    """Return two views that can be compared: what one of them has as alternatives is not taken apart in the other."""
    whole = frozenset(
        keyword
        for keyword in _UNIONS
        if all(any(keyword in piece.keywords for piece in one.pieces) for one in (old, new))
        and any(len(_not_null(piece, keyword)) > 1 for one in (old, new) for piece in one.pieces)
    )
    return View(old, whole), View(new, whole)


def with_integers(types: frozenset[str]) -> frozenset[str]:
    """Add `integer` beside `number`."""
    return types | {"integer"} if "number" in types else types


def _not_null(piece: Piece, keyword: str) -> tuple[Node, ...]:
    return tuple(node for node in piece.children(keyword) if not _is_null(node))


def _is_null(node: Node) -> bool:
    return isinstance(node.value, Mapping) and node.value.get("type") in ("null", ["null"])
