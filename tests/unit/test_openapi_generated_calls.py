"""Breaking is what makes a valid call fail: held against values that hypothesis draws and jsonschema judges.

Two schemas are drawn, old and new, in a document that uses them for a request and for an answer. Then values are drawn
that the sending side may send: the old client's in the request, the new server's in the answer.
"""

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from postflight.checks.openapi.answers import Answer
from postflight.checks.openapi.change import Kind, worst
from postflight.checks.openapi.comparison import compare
from postflight.checks.openapi.document import Document
from postflight.checks.openapi.reading import from_values
from postflight.checks.openapi.relation import Relation, relate
from postflight.checks.openapi.schema import Schema, Side
from postflight.checks.openapi.validity import valid

Drawn = dict[str, Any]
TODAY = date(2026, 1, 1)
FORMATS = FormatChecker(["uuid", "date", "email", "ipv4"])
QUICK = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

NAMES = st.sampled_from(["a", "b", "c", "ab"])
COUNT = st.integers(0, 3)
PLAIN = st.sampled_from([None, True, False, 0, 1, 2, -1, 0.5, 3.0, "", "a", "ab", "b1", "2024-02-29", "0" * 8])
REFERENCE = st.just({"$ref": "#/components/schemas/Shared"})


def some_of(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[Drawn]:
    return st.fixed_dictionaries({}, optional=keywords)


TEXTS = some_of(
    minLength=COUNT, maxLength=COUNT, pattern=st.sampled_from(["^a", "^[a-z]+$", "1", "^.*$"]),
    format=st.sampled_from(["uuid", "date", "email", "ipv4"]),
)  # fmt: skip
NUMBERS = some_of(
    minimum=st.integers(-2, 3), maximum=st.integers(-2, 3), exclusiveMinimum=st.sampled_from([-1, 0.5, 2]),
    exclusiveMaximum=st.sampled_from([-1, 0.5, 2]), multipleOf=st.sampled_from([1, 2, 3, 0.5]),
)  # fmt: skip


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Drawn]:
    below = st.one_of(inner, st.booleans())
    objects = some_of(
        properties=st.dictionaries(NAMES, below, max_size=3), required=st.lists(NAMES, unique=True, max_size=2),
        additionalProperties=below, patternProperties=st.dictionaries(st.sampled_from(["^a", "b"]), below, max_size=1),
        minProperties=COUNT, maxProperties=COUNT, dependentRequired=st.just({"a": ["b"]}),
        propertyNames=st.just({"maxLength": 1}),
    )  # fmt: skip
    arrays = some_of(
        items=below, prefixItems=st.lists(inner, min_size=1, max_size=2), minItems=COUNT, maxItems=COUNT,
        uniqueItems=st.booleans(), contains=inner, maxContains=COUNT,
    )  # fmt: skip
    unions = some_of(
        oneOf=st.lists(inner, min_size=1, max_size=3), anyOf=st.lists(inner, min_size=1, max_size=3),
        allOf=st.lists(inner, min_size=1, max_size=2), **{"not": inner, "if": inner, "then": inner, "else": inner},
    )  # fmt: skip
    return st.one_of(
        objects.map(lambda said: {"type": "object", **said}),
        objects.map(lambda said: {"type": "object", **said}),
        arrays.map(lambda said: {"type": "array", **said}),
        unions,
        st.tuples(objects, unions).map(lambda pair: {"type": "object", **pair[0], **pair[1]}),
    )


LEAVES = st.one_of(
    TEXTS.map(lambda said: {"type": "string", **said}),
    NUMBERS.map(lambda said: {"type": "number", **said}),
    NUMBERS.map(lambda said: {"type": "integer", **said}),
    st.lists(PLAIN, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    PLAIN.map(lambda value: {"const": value}),
    st.sampled_from([{"type": "boolean"}, {"type": ["string", "null"]}, {"type": "null"}, {}]),
    REFERENCE,
)
SCHEMAS = st.recursive(LEAVES, containers, max_leaves=5)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Drawn, Drawn]:
    """Two schemas that share most of what they say; now and then two that share nothing."""
    old = draw(SCHEMAS)
    new = copy.deepcopy(old)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(list(_objects(new))))
        other = draw(SCHEMAS)
        keyword = draw(st.sampled_from(sorted(place.keys() | other.keys()) or ["type"]))
        if keyword in other and draw(st.booleans()):
            place[keyword] = other[keyword]
        else:
            place.pop(keyword, None)
    return old, new


def _objects(schema: Any) -> Any:
    if isinstance(schema, dict):
        yield schema
        for key, inner in schema.items():
            if key in ("items", "additionalProperties", "not", "contains"):
                yield from (one for one in _objects(inner) if isinstance(one, dict))
            elif key in ("properties", "patternProperties"):
                yield from (one for each in inner.values() for one in _objects(each))
            elif key in ("oneOf", "anyOf", "allOf", "prefixItems"):
                yield from (one for each in inner for one in _objects(each))


def shared(draw: st.DrawFn) -> Drawn:
    return draw(
        st.sampled_from(
            [
                {
                    "type": "object",
                    "properties": {"a": {"type": "string"}, "b": {"$ref": "#/components/schemas/Shared"}},
                },
                {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Shared"}},
                {"type": "string", "maxLength": 2},
                {"oneOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/components/schemas/Shared"}}]},
            ]
        )
    )


@st.composite
def values(draw: st.DrawFn, schema: Any, shared_schema: Drawn, deeper: int = 4) -> Any:
    """A value that tries to be valid; with undeclared properties where the schema speaks of them, or declares none."""
    pieces = draw(chosen(schema, shared_schema))
    lists = [piece["enum"] for piece in pieces if "enum" in piece] + [
        [piece["const"]] for piece in pieces if "const" in piece
    ]
    if lists:
        return draw(st.sampled_from(lists[0]))
    types = [piece["type"] for piece in pieces if "type" in piece]
    kind = types[0] if types else draw(st.sampled_from(["object", "array", "string", "number", "null"]))
    kind = draw(st.sampled_from(kind)) if isinstance(kind, list) else kind
    if deeper == 0 or kind not in ("object", "array"):
        return draw(_plain(kind))
    if kind == "array":
        return [
            draw(values(_element(pieces, index), shared_schema, deeper - 1)) for index in range(draw(st.integers(0, 3)))
        ]
    declared = {name: inner for piece in pieces for name, inner in piece.get("properties", {}).items()}
    patterned = {name: inner for piece in pieces for name, inner in piece.get("patternProperties", {}).items()}
    rest = [piece["additionalProperties"] for piece in pieces if "additionalProperties" in piece]
    names = dict(declared)
    if "^a" in patterned:
        names |= {name: patterned["^a"] for name in ("a1", "a2") if name not in names}
    if "b" in patterned:
        names |= {name: patterned["b"] for name in ("b1", "xb") if name not in names}
    if rest or not (declared or patterned):
        names |= {name: rest[0] if rest else {} for name in ("x", "y", "a", "b") if name not in names}
    kept = draw(st.lists(st.sampled_from(sorted(names)), unique=True, max_size=4)) if names else []
    asked = [name for piece in pieces for name in piece.get("required", []) if name in names]
    kept = list(dict.fromkeys([*kept, *(asked if draw(st.integers(0, 9)) else [])]))
    return {name: draw(values(names[name], shared_schema, deeper - 1)) for name in kept}


@st.composite
def chosen(draw: st.DrawFn, schema: Any, shared_schema: Drawn, deeper: int = 5) -> list[Drawn]:
    """What holds for one choice of alternatives."""
    if not isinstance(schema, dict) or deeper == 0:
        return []
    found = [schema]
    if "$ref" in schema:
        found += draw(chosen(shared_schema, shared_schema, deeper - 1))
    for inner in schema.get("allOf", []):
        found += draw(chosen(inner, shared_schema, deeper - 1))
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            found += draw(chosen(draw(st.sampled_from(schema[keyword])), shared_schema, deeper - 1))
    return found


def _element(pieces: list[Drawn], index: int) -> Any:
    for piece in pieces:
        prefix = piece.get("prefixItems", [])
        if index < len(prefix):
            return prefix[index]
        if "items" in piece:
            return piece["items"]
    return {}


def _plain(kind: str) -> st.SearchStrategy[Any]:
    texts = [
        "",
        "a",
        "ab",
        "abc",
        "b1",
        "1",
        "xyz9",
        "2024-02-29",
        "6f1c2a52-3a0c-4a53-9a3e-2f4b8f0f6d11",
        "a@b",
        "192.0.2.1",
    ]
    return {
        "string": st.sampled_from(texts),
        "number": st.sampled_from([0, 1, 2, 3, 4, 6, -1, -2, 0.5, 1.5, 2.5, -0.5]),
        "integer": st.sampled_from([0, 1, 2, 3, 4, 6, -1, -2, -3]),
        "boolean": st.booleans(),
        "object": st.just({}),
        "array": st.just([]),
    }.get(kind, st.none())


def document(schema: Any, shared_schema: Drawn, name: str) -> Document:
    """Make an API that takes the schema in a request, and one that gives it in an answer."""
    content = {"application/json": {"schema": schema}}
    root = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/in": {"post": {"requestBody": {"content": content}, "responses": {"204": {"description": ""}}}},
            "/out": {"get": {"responses": {"200": {"description": "", "content": content}}}},
        },
        "components": {"schemas": {"Shared": shared_schema}},
    }
    return from_values(copy.deepcopy(root), name)


def validator(schema: Any, shared_schema: Drawn) -> Draft202012Validator:
    whole = {"components": {"schemas": {"Shared": shared_schema}}, "allOf": [schema]}
    return Draft202012Validator(whole, format_checker=FORMATS)


def relation_of(sent: Document, accepted: Document, hides: str) -> Relation:
    place = "/paths/~1in/post/requestBody/content/application~1json/schema"
    schemas = []
    for one, sends in ((sent, True), (accepted, False)):
        node = one.find(place)
        assert node is not None
        schemas.append(Schema((node,), Side(hides, sends)))
    return relate(*schemas)


def kind_of(old: Document, new: Document, operation: str) -> Kind:
    return worst(change for change in compare(old, new, TODAY) if operation in change.operations)


@QUICK
@given(st.data())
def test_a_valid_call_that_fails_is_never_called_compatible(data: st.DataObject) -> None:
    old_schema, new_schema = data.draw(edited())
    common = shared(data.draw)
    old, new = document(old_schema, common, "old"), document(new_schema, common, "new")
    judges = [validator(one, common) for one in (old_schema, new_schema)]
    request, response = kind_of(old, new, "POST /in"), kind_of(old, new, "GET /out")
    for _ in range(6):
        sent = data.draw(values(old_schema, common))
        if judges[0].is_valid(sent) and not judges[1].is_valid(sent):
            assert request is not Kind.COMPATIBLE, sent
        answered = data.draw(values(new_schema, common))
        if judges[1].is_valid(answered) and not judges[0].is_valid(answered):
            assert response is not Kind.COMPATIBLE, answered


@QUICK
@given(st.data())
def test_what_is_called_breaking_has_an_example_that_another_validator_confirms(data: st.DataObject) -> None:
    old_schema, new_schema = data.draw(edited())
    common = shared(data.draw)
    old, new = document(old_schema, common, "old"), document(new_schema, common, "new")
    judges = [validator(one, common) for one in (old_schema, new_schema)]
    if kind_of(old, new, "POST /in") is Kind.BREAKING:
        example = relation_of(old, new, "readOnly").example
        assert example is not None
        assert judges[0].is_valid(example.value)
        assert not judges[1].is_valid(example.value)
    if kind_of(old, new, "GET /out") is Kind.BREAKING:
        example = relation_of(new, old, "writeOnly").example
        assert example is not None
        assert judges[1].is_valid(example.value)
        assert not judges[0].is_valid(example.value)


@QUICK
@given(st.data())
def test_a_document_is_no_change_of_itself(data: st.DataObject) -> None:
    schema, common = data.draw(SCHEMAS), shared(data.draw)
    assert compare(document(schema, common, "old"), document(schema, common, "new"), TODAY) == ()


@QUICK
@given(st.data())
def test_validity_agrees_with_jsonschema_or_says_that_it_cannot_tell(data: st.DataObject) -> None:
    schema, common = data.draw(SCHEMAS), shared(data.draw)
    value = data.draw(
        st.one_of(values(schema, common), PLAIN, st.lists(PLAIN, max_size=3), st.dictionaries(NAMES, PLAIN))
    )
    node = document(schema, common, "one").find("/paths/~1in/post/requestBody/content/application~1json/schema")
    assert node is not None
    answer = valid(Schema((node,), Side("readOnly", sends=False)), value)
    if answer is not Answer.UNKNOWN:
        assert (answer is Answer.YES) == validator(schema, common).is_valid(value)


@pytest.mark.parametrize("broken", ["type", "required", "enum"])
def test_the_oracle_would_notice(broken: str) -> None:
    """The red case of this file: a fault that is planted must be seen by the values that are drawn."""
    old: Drawn = {"type": "object", "properties": {"a": {"enum": ["a", "b"]}}}
    new = copy.deepcopy(old)
    if broken == "type":
        new["type"] = "array"
    elif broken == "required":
        new["required"] = ["a"]
    else:
        new["properties"]["a"]["enum"] = ["a"]
    found: list[Any] = []

    @settings(max_examples=50, deadline=None, derandomize=True, database=None)
    @given(values(old, {}))
    def look(sent: Any) -> None:
        if validator(old, {}).is_valid(sent) and not validator(new, {}).is_valid(sent):
            found.append(sent)

    look()
    assert found
    assert kind_of(document(old, {}, "old"), document(new, {}, "new"), "POST /in") is Kind.BREAKING
