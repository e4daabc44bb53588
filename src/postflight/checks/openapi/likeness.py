"""Do two schemas say the same, word by word? Then nothing about them needs to be proved."""

from collections.abc import Mapping
from functools import lru_cache

from postflight.checks.openapi.document import Node
from postflight.checks.openapi.validity import canonical

_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "default", "deprecated", "$comment", "externalDocs", "xml"}
)
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLE = frozenset(
    {
        "items",
        "additionalProperties",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_MOST_COMPARED = 20_000


@lru_cache(maxsize=16_384)
def alike(old: Node, new: Node, only: frozenset[str] | None = None, *, in_words: bool = False) -> bool:
    """Whether two schemas say the same, word by word and through `$ref`, apart from annotations.

    `only` restricts the outermost objects to some keywords; `in_words` lets annotations count, too. Documents of
    different versions are never alike.
    """
    if old.document.version != new.document.version:
        return False
    seen: set[tuple[Node, Node]] = set()
    todo = [(old, new, only)]
    while todo:
        one, other, keywords = todo.pop()
        if keywords is None:
            if (one, other) in seen:
                continue
            seen.add((one, other))
        if len(seen) > _MOST_COMPARED:
            return False
        if not isinstance(one.value, Mapping) or not isinstance(other.value, Mapping):
            if one.value is not other.value:
                return False
            continue
        pairs = _pairs(one, other, keywords, in_words=in_words)
        if pairs is None:
            return False
        todo += [(first, second, None) for first, second in pairs]
    return True


def _pairs(
    one: Node, other: Node, keywords: frozenset[str] | None, *, in_words: bool
) -> list[tuple[Node, Node]] | None:
    """Return the subschemas that must be alike, or None when the two differ already."""
    mine, theirs = (
        {key: node for key, node in side.fields().items() if (in_words or _counts(key, keywords))}
        for side in (one, other)
    )
    if mine.keys() != theirs.keys():
        return None
    found: list[tuple[Node, Node]] = []
    for key, node in mine.items():
        match = theirs[key]
        if key == "$ref":
            found.append((one.follow(node.value), other.follow(match.value)))
        elif key in _SINGLE:
            found.append((node, match))
        elif key in _NAMED:
            fields, others = node.fields(), match.fields()
            if fields.keys() != others.keys():
                return None
            found += [(fields[name], others[name]) for name in fields]
        elif key in _LISTED:
            items, counterparts = one.items(key), other.items(key)
            if len(items) != len(counterparts):
                return None
            found += zip(items, counterparts, strict=True)
        elif canonical(node.value) != canonical(match.value):
            return None
    return found


def _counts(key: str, keywords: frozenset[str] | None) -> bool:
    if keywords is not None:
        return key in keywords
    return key not in _ANNOTATIONS and not key.startswith("x-")
