"""Documents that are broken, or meant to do harm: clear errors that name the place, and an end in any case."""

import copy
from datetime import date
from typing import Any

import pytest

from postflight.checks.openapi import inclusion, relation
from postflight.checks.openapi.change import Kind, worst
from postflight.checks.openapi.comparison import compare
from postflight.checks.openapi.document import BadDocument
from postflight.checks.openapi.reading import DEEPEST, MOST_VALUES, from_values, read

TEXT = {"type": "string"}
HEAD = b'{"openapi": "3.1.0", '


def api(schema: Any, **schemas: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "info": {"version": "1"},
        "paths": {"/": {"post": {"requestBody": body, "responses": {}}}},
        "components": {"schemas": schemas},
    }


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def kind(old: dict[str, Any], new: dict[str, Any]) -> Kind:
    return worst(compare(from_values(old, "old"), from_values(new, "new"), date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "this is not UTF-8 text (byte 0)"),
        (b'{"openapi": "3.1.0",, "paths": {}}', "doc:1: this is neither JSON nor YAML"),
        (b'{"openapi": "3.1.0"] ', "doc:1:20: this is not JSON: Expecting ',' delimiter"),
        (HEAD + b'"a": 1, "a": 2}', "the key 'a' is twice in one object"),
        (HEAD + b'"a": NaN}', "NaN is no number of JSON"),
        (HEAD + b'"a": 1e999}', "a number is too large or not finite"),
        (HEAD + b'"a": ' + b"9" * 9999 + b"}", "this is not JSON: Exceeds the limit"),
        (HEAD + b'"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", f"nested more than {DEEPEST} deep"),
        (HEAD + b'"a": ' + b"[" * 80 + b"]" * 80 + b"}", f"nested more than {DEEPEST} deep"),
        (b"[]", "expected an OpenAPI document, found a list"),
        (b"", "expected an OpenAPI document, found null"),
        (b"just words", "expected an OpenAPI document, found a text"),
        (b"{}", "doc#/openapi: expected 3.0.x or 3.1.x, found no version"),
        (b"openapi: 3.2.0", "expected 3.0.x or 3.1.x, found '3.2.0'"),
        (b"openapi: 3.1", "doc#/openapi: expected a text, found a number"),
        (b"swagger: '2.0'", "this is Swagger 2.0; convert it"),
        (b"openapi: 3.1.0\na: *b", "doc:2: *b stands for nothing"),
        (b"a: &a\n  b: *a", "doc:2: *a stands for nothing that ended before"),
        (b"a: 1\na: 2", "doc:2: the key 'a' is here twice"),
        (b"? [1, 2]\n: 3", "doc:1: a key must be a text"),
        (b"a: &x {b: 1}\nc:\n  <<: *x", "doc:3: merge keys (<<) are not part of OpenAPI"),
        (b"a: 1\n---\nb: 2", "doc:2: a second document starts here"),
        (b"a: [1", "doc:1: this is neither JSON nor YAML"),
        (b"\n".join(b" " * level + b"a:" for level in range(100)), f"nested more than {DEEPEST} deep"),
    ],
)
def test_what_is_no_document_is_named_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(BadDocument) as raised:
        read(content, "doc")
    assert message in str(raised.value)
    assert str(raised.value).startswith("doc")


def test_aliases_cannot_expand_without_end() -> None:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)]
    with pytest.raises(BadDocument, match=f"more than {MOST_VALUES:,} values"):
        read(b"\n".join(lines), "doc")


def test_keys_that_are_no_texts_are_refused_in_memory_too() -> None:
    with pytest.raises(BadDocument, match="the key '200' is a number; quote it"):
        from_values({"openapi": "3.1.0", "paths": {"/": {"get": {"responses": {200: {}}}}}}, "doc")  # type: ignore[dict-item]


def test_yaml_is_read_as_openapi_means_it() -> None:
    text = b"openapi: 3.0.3\nkey: &x {200: no, n: 1.5, i: -2, t: true, z: ~, q: '1', e: }\nagain: *x"
    held = {"200": "no", "n": 1.5, "i": -2, "t": True, "z": None, "q": "1", "e": None}
    assert read(text, "doc").root == {"openapi": "3.0.3", "key": held, "again": held}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "other.yaml#/Pet"}, "schema/$ref: 'other.yaml#/Pet' is in another document"),
        ({"$ref": "https://x.example/a"}, "bundle all into one document first"),
        ({"$ref": "#/components/schemas/Gone"}, "there is no '#/components/schemas/Gone' here"),
        ({"$ref": "#anchor"}, "names an anchor; write a JSON pointer"),
        ({"$ref": 5}, "schema/$ref: expected a text, found a number"),
        ({"type": "text"}, "schema/type: expected one of null, boolean"),
        ({"maxLength": -1}, "schema/maxLength: expected a whole number from 0, found a number"),
        ({"multipleOf": 0}, "schema/multipleOf: expected a number greater than 0"),
        ({"properties": []}, "schema/properties: expected an object of schemas, found a list"),
        ({"oneOf": []}, "schema/oneOf: expected a list of schemas, and at least one"),
        ({"required": "name"}, "schema/required: expected a list of texts, found a text"),
        ("string", "schema: expected an object, found a text"),
    ],
)
def test_a_schema_that_is_none_is_named_with_its_pointer(schema: Any, message: str) -> None:
    with pytest.raises(BadDocument) as raised:
        kind(api(schema), api(TEXT))
    assert message in str(raised.value)
    assert str(raised.value).startswith("old#/paths/~1/post/requestBody/content/application~1json/schema")


def test_references_that_lead_nowhere_end() -> None:
    with pytest.raises(BadDocument, match="leads to references without end"):
        kind(api(ref("A"), A=ref("B"), B=ref("A")), api(ref("A"), A=TEXT))


TREE = {"type": "object", "properties": {"left": ref("Tree"), "right": ref("Tree"), "leaf": TEXT}}
UNION = {"oneOf": [TEXT, {"type": "array", "items": ref("Tree")}]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (api(ref("Tree"), Tree=TREE), api(ref("Tree"), Tree={**TREE, "description": "x"}), Kind.COMPATIBLE),
        (api(ref("Tree"), Tree=TREE), api(ref("Tree"), Tree={**TREE, "required": ["leaf"]}), Kind.BREAKING),
        (api(ref("Tree"), Tree=TREE), api({**TREE, "properties": {**TREE["properties"], "left": TREE}}, Tree=TREE), Kind.COMPATIBLE),  # type: ignore[dict-item]
        (api(ref("Tree"), Tree=UNION), api(ref("Tree"), Tree={"oneOf": [*UNION["oneOf"], {"type": "null"}]}), Kind.COMPATIBLE),
        (api(ref("Tree"), Tree={"oneOf": [*UNION["oneOf"], {"type": "null"}]}), api(ref("Tree"), Tree=UNION), Kind.BREAKING),
        (api(ref("A"), A={"allOf": [ref("A"), TEXT]}), api(ref("A"), A={"allOf": [ref("A"), TEXT, {"maxLength": 1}]}), Kind.BREAKING),
        (api(ref("A"), A={"anyOf": [ref("A"), TEXT]}), api(ref("A"), A={"anyOf": [ref("A"), {"type": "null"}]}), Kind.MAYBE),
    ],
)  # fmt: skip
def test_schemas_that_contain_themselves_are_judged(old: dict[str, Any], new: dict[str, Any], expected: Kind) -> None:
    assert kind(old, new) is expected


def large() -> dict[str, tuple[Any, Any]]:
    objects = {"allOf": [{"anyOf": [{"properties": {f"{i}.{j}": TEXT}} for j in range(3)]} for i in range(12)]}
    nested: Any = TEXT
    lists: Any = TEXT
    for _ in range(15):
        nested = {"oneOf": [nested, {"type": "integer"}]}
        lists = {"type": "array", "minItems": 500, "items": lists}
    chain = {
        f"B{n}": {
            "type": "object",
            "required": ["l", "r"],
            "properties": {"l": ref(f"B{n + 1}"), "r": ref(f"B{n + 1}")},
        }
        for n in range(30)
    }
    integer = {"type": "integer"}
    return {
        "too many combinations": (api(objects), api({"allOf": [*objects["allOf"], {"required": ["x"]}]})),
        "unions in unions": (api(nested), api({"oneOf": [nested, {"type": "null"}, TEXT]})),
        "lists in lists": (api(lists), api({**lists, "items": integer})),
        "a value that would be huge": (api(ref("B0"), **chain, B30=TEXT), api(ref("B0"), **chain, B30=integer)),
        "counts that nobody can build": (api({"type": "array", "minItems": 10**9}), api({"type": "array", "minItems": 10**10})),
        "patterns that take exponential time": (api({"pattern": "^(a|aa)+$"}), api({"pattern": "^(a|aa)*c$"})),
        "numbers that are far apart": (api({"type": "number", "multipleOf": 1e-300}), api({"type": "number", "multipleOf": 1e300})),
    }  # fmt: skip


@pytest.mark.parametrize("case", large().values(), ids=large().keys())
def test_what_is_too_large_is_not_called_compatible(case: tuple[Any, Any]) -> None:
    assert kind(*case) is not Kind.COMPATIBLE


def test_many_properties_are_no_trouble() -> None:
    old = api({"type": "object", "properties": {f"p{n}": {"type": "string", "maxLength": 9} for n in range(1000)}})
    new = copy.deepcopy(old)
    new["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]["p999"][
        "maxLength"
    ] = 3
    assert kind(old, new) is Kind.BREAKING


def test_without_steps_left_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inclusion, "MOST_STEPS", 0)
    assert kind(api(TEXT), api({"type": "string", "maxLength": 1})) is Kind.MAYBE
    monkeypatch.undo()
    monkeypatch.setattr(relation, "MOST_STEPS", -1)
    assert kind(api(TEXT), api({"type": "string", "maxLength": 1})) is Kind.MAYBE
