"""The inclusion core by itself: what is sent, what is accepted, and whether the one fits the other."""

from typing import Any

import pytest

from postflight.checks.openapi.answers import Answer, every, some
from postflight.checks.openapi.reading import from_values
from postflight.checks.openapi.relation import Relation, relate
from postflight.checks.openapi.schema import Schema, Side
from postflight.checks.openapi.texts import fits_format, format_within, matches

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
LONG = {"type": "string", "minLength": 2}


def object_of(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


CAT = object_of("kind", kind={"const": "cat"}, lives=WHOLE)
DOG = object_of("kind", kind={"const": "dog"}, tricks=TEXT)


def relation(sent: Any, accepted: Any) -> Relation:
    schemas = []
    for name, value, sends in (("sent", sent, True), ("accepted", accepted, False)):
        node = from_values({"openapi": "3.1.0", "schema": value}, name).find("/schema")
        assert node is not None
        schemas.append(Schema((node,), Side("readOnly", sends)))
    return relate(*schemas)


@pytest.mark.parametrize(
    ("sent", "accepted", "answer"),
    [
        (TEXT, {}, YES),
        ({}, TEXT, NO),
        (False, TEXT, YES),
        (TEXT, False, NO),
        # alternatives
        ({"anyOf": [TEXT, WHOLE]}, {"oneOf": [TEXT, WHOLE]}, YES),
        ({"anyOf": [TEXT, LONG]}, {"oneOf": [TEXT, LONG]}, NO),  # a long text fits both
        ({"oneOf": [TEXT, LONG]}, {"oneOf": [TEXT, LONG]}, YES),
        ({"oneOf": [TEXT, LONG]}, {"type": "string", "maxLength": 1}, UNKNOWN),  # true, but not followed so far
        (WHOLE, {"oneOf": [NUMBER, WHOLE]}, NO),
        ({"oneOf": [NUMBER, WHOLE]}, NUMBER, YES),
        ({"oneOf": [CAT, DOG]}, {"oneOf": [DOG, CAT]}, YES),
        ({"oneOf": [CAT, DOG]}, CAT, NO),
        (CAT, {"oneOf": [CAT, DOG]}, YES),
        (NUMBER, {"anyOf": [{"type": "number", "maximum": 0}, {"type": "number", "minimum": 0}]}, UNKNOWN),
        ({"enum": ["a", 1, None]}, {"type": ["string", "integer", "null"]}, YES),
        ({"enum": [1, 1.0]}, {"const": 1}, YES),
        ({"const": True}, {"const": 1}, NO),
        ({"type": "boolean"}, {"enum": [False, True]}, YES),
        # demands that are not taken apart
        (TEXT, {"not": WHOLE}, YES),
        ({"not": {"type": ["string", "null"]}}, {"not": {"type": "null"}}, YES),
        ({"not": {"type": "null"}}, {"not": {"type": ["string", "null"]}}, NO),
        ({"if": TEXT, "then": LONG}, {"if": TEXT, "then": LONG}, YES),
        (TEXT, {"if": TEXT, "then": LONG}, NO),
        ({"type": "array", "contains": WHOLE}, {"type": "array"}, YES),
        ({"type": "array"}, {"type": "array", "contains": WHOLE}, NO),
        # numbers
        ({"type": "integer", "exclusiveMinimum": 2}, {"type": "integer", "minimum": 3}, YES),
        ({"type": "number", "exclusiveMinimum": 2}, {"type": "number", "minimum": 3}, NO),
        ({"type": "integer", "format": "int32"}, {"type": "integer", "format": "int64"}, YES),
        ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}, NO),
        ({"type": "integer", "multipleOf": 6}, {"type": "integer", "multipleOf": 3}, YES),
        ({"type": "number", "multipleOf": 0.1}, {"type": "number", "multipleOf": 0.01}, YES),
        # objects: undeclared properties, and those that the sender does not own
        (object_of(a=TEXT), object_of(a=TEXT, b=WHOLE), YES),
        ({**object_of(a=TEXT), "additionalProperties": True}, object_of(a=TEXT, b=WHOLE), NO),
        ({"type": "object"}, object_of(b=WHOLE), NO),
        (object_of(a=TEXT), {**object_of(a=TEXT), "additionalProperties": False}, YES),
        (object_of("a", a=TEXT), {"type": "object", "minProperties": 1}, YES),
        (object_of(a=TEXT), {"type": "object", "minProperties": 1}, NO),
        (object_of(a=TEXT), {"type": "object", "maxProperties": 1}, YES),
        (object_of(a={**TEXT, "readOnly": True}), object_of(a=WHOLE), YES),
        (object_of(a=TEXT), object_of("a", a={**WHOLE, "readOnly": True}), YES),
        (object_of("a", a=False), WHOLE, YES),  # there is no such object
        ({"patternProperties": {"^a": TEXT}, "type": "object"}, {"type": "object", "additionalProperties": TEXT}, YES),
        ({"type": "object", "additionalProperties": TEXT}, {"patternProperties": {"^a": LONG}}, NO),
        # allOf
        ({"allOf": [object_of("a", a=TEXT), object_of(b=TEXT)]}, object_of("a", a=TEXT, b=TEXT), YES),
        (object_of(a=TEXT), {"allOf": [object_of(a=TEXT), object_of("b")]}, NO),
    ],
)  # fmt: skip
def test_whether_it_fits(sent: Any, accepted: Any, answer: Answer) -> None:
    found = relation(sent, accepted)
    assert found.answer is answer
    assert (found.example is not None) == (answer is NO)


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        ("^a+$", "aaa", YES),
        ("^a+$", "aaa\n", NO),  # the end is the end, as in ECMAScript
        ("b", "abc", YES),
        ("^[0-9a-f]{8}-[0-9a-f]{4}$", "0123abcd-0123", YES),
        (r"^[\w.+-]+@[\w-]+$", "a.b@c", YES),
        ("^(a+)+$", "a", UNKNOWN),
        ("^(a|aa)*$", "a", UNKNOWN),
        (r"^(a)\1$", "aa", UNKNOWN),
        (r"^\p{L}+$", "a", UNKNOWN),
        ("^(?<x>a)$", "a", UNKNOWN),
        ("a*a*a*a*b", "a", UNKNOWN),
        ("^a*a*a*b$", "a" * 100, UNKNOWN),
        ("(", "a", UNKNOWN),
        ("a" * 2000, "a", UNKNOWN),
    ],
)
def test_patterns_run_only_where_that_is_safe(pattern: str, text: str, answer: Answer) -> None:
    assert matches(pattern, text) is answer


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-02-29T12:00:00.5+01:00", "2024-02-29 12:00"),
        ("time", "23:59:59Z", "24:00:00Z"),
        ("duration", "P1DT2H", "P"),
        ("uuid", "6f1c2a52-3a0c-4a53-9a3e-2f4b8f0f6d11", "6f1c2a523a0c4a539a3e2f4b8f0f6d11"),
        ("email", "a@b", "a b@c"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "::1", "1"),
        ("hostname", "a.example", "-a"),
        ("uri", "mailto:a@b", "/a"),
        ("byte", "YWJj", "a"),
        ("json-pointer", "/a/b", "a"),
    ],
)
def test_formats(name: str, good: str, bad: str) -> None:
    assert (fits_format(name, good), fits_format(name, bad)) == (YES, NO)


def test_formats_that_say_nothing_or_are_unknown() -> None:
    assert fits_format("password", "x") is YES
    assert fits_format("pet-name", "x") is UNKNOWN
    assert format_within("uri", "uri-reference")
    assert not format_within("uri-reference", "uri")


def test_an_answer_is_no_truth_value() -> None:
    assert every([YES, UNKNOWN, NO]) is NO
    assert every([YES, UNKNOWN]) is UNKNOWN
    assert some([NO, UNKNOWN, YES]) is YES
    assert some([NO, UNKNOWN]) is UNKNOWN
    with pytest.raises(TypeError, match="three values"):
        bool(YES)
