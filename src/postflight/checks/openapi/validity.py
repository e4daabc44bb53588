"""Is this value valid? With three values, because a pattern may not be safe to run and a format may be unknown."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache

from postflight.checks.openapi.answers import Answer, count_yes, every, some
from postflight.checks.openapi.document import Json, Node
from postflight.checks.openapi.schema import Piece, Schema
from postflight.checks.openapi.texts import fits_format, matches

DEEPEST = 40  # schemas within schemas on the way to an answer
INT_RANGES = {"int8": 2**7, "int16": 2**15, "int32": 2**31, "int64": 2**63}


def canonical(value: Json) -> str:
    """Return one text for each value: 1 and 1.0 are one value, 1 and true are two."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value


def type_of(value: Json) -> str:
    """Return the type of a value; whole numbers are `integer`, 1.0 too."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if value == int(value) else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def valid(schema: Schema, value: Json, depth: int = 0) -> Answer:
    """Say whether a value is valid."""
    if depth > DEEPEST:
        return Answer.UNKNOWN
    return every(_answers(schema, value, depth + 1))


def _answers(schema: Schema, value: Json, depth: int) -> Iterator[Answer]:
    hidden = _hidden(schema) if isinstance(value, Mapping) else frozenset()
    for piece in schema.pieces:
        yield Answer.of(type_of(value) in piece.types)
        yield from _listed(piece, value)
        if isinstance(value, bool) or value is None:
            pass
        elif isinstance(value, int | float):
            yield _number(piece, value)
        elif isinstance(value, str):
            yield from _string(piece, value)
        elif isinstance(value, Mapping):
            yield from _object(schema, piece, value, hidden, depth)
        else:
            yield from _array(schema, piece, list(value), depth)
        yield from _combined(schema, piece, value, depth)


def _hidden(schema: Schema) -> frozenset[str]:
    return frozenset(
        name for piece in schema.pieces for name, node in piece.named("properties").items() if schema.at((node,)).hidden
    )


def _listed(piece: Piece, value: Json) -> Iterator[Answer]:
    said = piece.keywords
    if "const" in said:
        yield Answer.of(canonical(said["const"]) == canonical(value))
    if "enum" in said:
        yield Answer.of(canonical(value) in _texts(piece))


@lru_cache(maxsize=1024)
def _texts(piece: Piece) -> frozenset[str]:
    enum = piece.keywords["enum"]
    return frozenset(canonical(one) for one in enum) if isinstance(enum, list) else frozenset()


def number(value: Json) -> Fraction | None:
    """Return a number exactly, as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fraction(str(value))


def _number(piece: Piece, value: float) -> Answer:
    said, exact = piece.keywords, Fraction(str(value))
    low, high = number(said.get("minimum")), number(said.get("maximum"))
    above, below = number(said.get("exclusiveMinimum")), number(said.get("exclusiveMaximum"))
    step = number(said.get("multipleOf"))
    limit = INT_RANGES.get(str(said.get("format")))
    return Answer.of(
        (low is None or exact >= low)
        and (high is None or exact <= high)
        and (above is None or exact > above)
        and (below is None or exact < below)
        and (step is None or exact % step == 0)
        and (limit is None or -limit <= exact < limit)
    )


def within_counts(piece: Piece, least: str, most: str, count: int) -> Answer:
    """Say whether a count is within two keywords."""
    low, high = number(piece.keywords.get(least)), number(piece.keywords.get(most))
    return Answer.of((low is None or count >= low) and (high is None or count <= high))


def _string(piece: Piece, value: str) -> Iterator[Answer]:
    yield within_counts(piece, "minLength", "maxLength", len(value))
    if isinstance(pattern := piece.keywords.get("pattern"), str):
        yield matches(pattern, value)
    if isinstance(name := piece.keywords.get("format"), str):
        yield fits_format(name, value)


def _array(schema: Schema, piece: Piece, value: list[Json], depth: int) -> Iterator[Answer]:
    yield within_counts(piece, "minItems", "maxItems", len(value))
    if piece.keywords.get("uniqueItems") is True:
        yield Answer.of(len({canonical(one) for one in value}) == len(value))
    prefix = piece.children("prefixItems")
    rest = piece.single("items")
    for index, one in enumerate(value):
        node = prefix[index] if index < len(prefix) else rest
        if node is not None:
            yield valid(schema.at((node,)), one, depth)
    if (node := piece.single("contains")) is not None:
        certain, possible = count_yes(valid(schema.at((node,)), one, depth) for one in value)
        least = number(piece.keywords.get("minContains", 1)) or 0
        most = number(piece.keywords.get("maxContains"))
        yield Answer.YES if certain >= least else Answer.NO if possible < least else Answer.UNKNOWN
        if most is not None:
            yield Answer.YES if possible <= most else Answer.NO if certain > most else Answer.UNKNOWN
    yield _not_evaluated(piece, "unevaluatedItems", has_any=bool(value))


def _object(
    schema: Schema, piece: Piece, value: Mapping[str, Json], hidden: frozenset[str], depth: int
) -> Iterator[Answer]:
    yield within_counts(piece, "minProperties", "maxProperties", len(value))
    required = piece.keywords.get("required", [])
    yield Answer.of(all(name in value or name in hidden for name in required if isinstance(name, str)))  # type: ignore[union-attr]
    properties, patterns, rest = (
        piece.named("properties"),
        piece.named("patternProperties"),
        piece.single("additionalProperties"),
    )
    names = piece.single("propertyNames")
    for name, one in value.items():
        if name in hidden:
            # what the sender does not own: it does not send it, and nobody looks at it
            yield Answer.of(not schema.side.sends)
            continue
        if name in properties:
            yield valid(schema.at((properties[name],)), one, depth)
        yield from _by_name(schema, patterns, rest if name not in properties else None, (name, one), depth)
        if names is not None:
            yield valid(schema.at((names,)), name, depth)
    if isinstance(needs := piece.keywords.get("dependentRequired"), Mapping):
        for name, others in needs.items():
            yield Answer.of(name not in value or all(other in value for other in others))  # type: ignore[union-attr]
    for name, node in piece.named("dependentSchemas").items():
        if name in value:
            yield valid(schema.at((node,)), value, depth)
    yield _not_evaluated(piece, "unevaluatedProperties", has_any=bool(value))


def _by_name(
    schema: Schema, patterns: Mapping[str, Node], rest: Node | None, item: tuple[str, Json], depth: int
) -> Iterator[Answer]:
    """Judge one property by `patternProperties` and, when none of these match, by `additionalProperties`."""
    name, value = item
    matched = Answer.NO
    for pattern, node in patterns.items():
        match = matches(pattern, name)
        matched = some((matched, match))
        if match is Answer.YES:
            yield valid(schema.at((node,)), value, depth)
        elif match is Answer.UNKNOWN and valid(schema.at((node,)), value, depth) is not Answer.YES:
            yield Answer.UNKNOWN
    if rest is not None and matched is not Answer.YES:
        answer = valid(schema.at((rest,)), value, depth)
        yield answer if matched is Answer.NO or answer is Answer.YES else Answer.UNKNOWN


def _not_evaluated(piece: Piece, keyword: str, *, has_any: bool) -> Answer:
    """Say no more of what other keywords leave over: that is not followed."""
    return Answer.YES if piece.keywords.get(keyword, True) is True or not has_any else Answer.UNKNOWN


def _combined(schema: Schema, piece: Piece, value: Json, depth: int) -> Iterator[Answer]:
    if "anyOf" in piece.keywords:
        yield some(valid(schema.at((node,)), value, depth) for node in piece.children("anyOf"))
    if "oneOf" in piece.keywords:
        certain, possible = count_yes(valid(schema.at((node,)), value, depth) for node in piece.children("oneOf"))
        yield Answer.YES if certain == possible == 1 else Answer.NO if certain > 1 or possible == 0 else Answer.UNKNOWN
    if "not" in piece.keywords:
        node = piece.single("not")
        yield valid(schema.at((node,)), value, depth).opposite if node else Answer.NO
    if (condition := piece.single("if")) is not None:
        held = valid(schema.at((condition,)), value, depth)
        then, other = (
            valid(schema.at((node,)), value, depth) if (node := piece.single(keyword)) is not None else Answer.YES
            for keyword in ("then", "else")
        )
        if held is Answer.UNKNOWN:
            yield Answer.YES if then is other is Answer.YES else Answer.UNKNOWN
        else:
            yield then if held is Answer.YES else other
