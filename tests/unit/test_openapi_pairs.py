"""Small edits of one document, and what each of them must be called. Most rows are one edit: pointers and new values.

A row expects all changes that are not compatible, and the compatible ones that it names. `!` is breaking, `?` is maybe, `=` compatible.
"""

import copy
from datetime import date
from typing import Any

import pytest

from postflight.checks.openapi.catalog import ids
from postflight.checks.openapi.change import Change, Kind
from postflight.checks.openapi.comparison import compare
from postflight.checks.openapi.reading import from_values

TODAY = date(2026, 6, 1)
GONE = object()
MARKS = {Kind.BREAKING: "!", Kind.MAYBE: "?", Kind.COMPATIBLE: "="}

TEXT = {"type": "string"}
CAT = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}}
DOG = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"const": "dog"}, "tricks": {"type": "array", "items": TEXT}},
}
BIRD = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "bird"}}}
# The same schema is sent in POST /pets and received from GET /pets: each edit of it is judged in both directions.
PET = {
    "type": "object",
    "required": ["name", "status"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "secret": {"type": "string", "writeOnly": True},
        "name": {"type": "string", "minLength": 2, "maxLength": 20, "pattern": "^[a-z]+$"},
        "status": {"enum": ["new", "sold"]},
        "age": {"type": "integer", "minimum": 0, "maximum": 40},
        "weight": {"type": ["number", "null"], "exclusiveMinimum": 0, "multipleOf": 0.5},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 5, "uniqueItems": True},
        "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]},
        "labels": {"type": "object", "additionalProperties": TEXT},
        "size": {"type": "integer", "default": 3},
        "kind": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                 "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}}},
        "owner": {"allOf": [{"type": "object", "properties": {"mail": TEXT}}, {"required": ["mail"]}]},
        "parent": {"$ref": "#/components/schemas/Pet"},
        "code": {"anyOf": [TEXT, {"type": "integer"}]},
        "not": {"not": {"type": "boolean"}},
        "blob": {"type": "string", "contentEncoding": "base64"},
        "mood": {"type": "string", "x-extensible-enum": ["good", "bad"]},
    },
}  # fmt: skip
BASE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1.2.0"},
    "servers": [{"url": "https://pets.example/v1"}],
    "security": [{"key": []}, {"login": ["read"]}],
    "paths": {
        "/pets": {
            "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50, "default": 10}},
                           {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 9}},
                           {"name": "sort", "in": "query", "schema": {"type": "array", "items": TEXT}}],
            "get": {"operationId": "listPets", "tags": ["pets"], "responses": {
                "200": {"description": "", "headers": {"X-Total": {"required": True, "schema": {"type": "integer", "minimum": 0}},
                                                       "X-Hint": {"schema": TEXT}},
                        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}},
                        "links": {"next": {"operationId": "listPets"}}},
                "404": {"description": ""}}},
            "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
                                                 "text/plain": {"schema": TEXT}}},
                     "responses": {"201": {"description": ""}},
                     "callbacks": {"sold": {"{$request.body#/url}": {"post": {
                         "requestBody": {"content": {"application/json": {"schema": {"enum": ["yes", "no"]}}}},
                         "responses": {"200": {"description": ""}}}}}}},
        },
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "get": {"security": [], "responses": {"2XX": {"description": "", "content": {"application/*": {"schema": TEXT}}}}},
            "delete": {"deprecated": True, "x-sunset": "2026-05-01", "responses": {"204": {"description": ""}}},
            "put": {"deprecated": True, "x-sunset": "2027-01-01", "x-stability-level": "beta",
                    "responses": {"204": {"description": ""}}},
        },
    },
    "webhooks": {"moved": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "integer"}}}},
                                    "responses": {"200": {"description": ""}}}}},
    "components": {
        "schemas": {"Pet": PET, "Cat": CAT, "Dog": DOG, "Bird": BIRD},
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "login": {"type": "oauth2", "flows": {"clientCredentials": {
                "tokenUrl": "https://pets.example/token", "scopes": {"read": "", "write": ""}}}},
        },
    },
}  # fmt: skip
P = "/components/schemas/Pet/properties"
L = "/paths/~1pets/get"
N = "/paths/~1pets/post"
I = "/paths/~1pets~1{id}"  # noqa: E741 - as short as its neighbours
Q = "/paths/~1pets/parameters"
OK = f"{L}/responses/200"

ROWS: list[tuple[str, dict[str, Any], str]] = [
    # paths and methods
    ("a path is gone", {"/paths/~1pets": GONE}, "!path-removed"),
    ("a method is gone", {L: GONE}, "!operation-removed"),
    ("a method is gone after its sunset", {f"{I}/delete": GONE}, "=operation-removed-after-sunset"),
    ("a method is gone before its sunset", {f"{I}/put": GONE}, "!operation-removed-before-sunset"),
    ("a method is new", {f"{I}/patch": {"responses": {}}}, "=operation-added"),
    ("a path's parameter has another name", {"/paths/~1pets~1{pet}": "MOVE /paths/~1pets~1{id}", "/paths/~1pets~1{pet}/parameters/0/name": "pet"}, ""),
    ("deprecated", {f"{L}/deprecated": True}, "=operation-deprecated =sunset-missing"),
    ("reactivated", {f"{I}/put/deprecated": GONE}, "=operation-reactivated"),
    ("the sunset is gone", {f"{I}/put/x-sunset": GONE}, "?sunset-removed"),
    ("the sunset comes earlier", {f"{I}/put/x-sunset": "2026-12-01"}, "?sunset-earlier"),
    ("the sunset comes later", {f"{I}/put/x-sunset": "2027-12-01"}, "=sunset-later"),
    ("the sunset is no date", {f"{I}/put/x-sunset": "soon"}, "?sunset-unreadable"),
    ("less stable", {f"{I}/put/x-stability-level": "alpha"}, "?stability-decreased"),
    ("more stable", {f"{I}/put/x-stability-level": "stable"}, "=stability-increased"),
    ("another operationId", {f"{L}/operationId": "getPets"}, "?operation-id-changed"),
    ("another tag", {f"{L}/tags": ["animals"]}, "=tag-added =tag-removed"),
    # parameters
    ("a parameter is gone", {f"{Q}/0": GONE}, "?parameter-removed"),
    ("a required parameter is new", {f"{Q}/3": {"name": "q", "in": "query", "required": True, "schema": TEXT}}, "!required-parameter-added"),
    ("an optional parameter is new", {f"{Q}/3": {"name": "q", "in": "query", "schema": TEXT}}, "=optional-parameter-added"),
    ("a parameter became required", {f"{Q}/0/required": True}, "!parameter-became-required"),
    ("a parameter became optional", {f"{Q}/1/required": False}, "=parameter-became-optional"),
    ("a header's name in other letters", {f"{Q}/1/name": "x-trace"}, ""),
    ("a parameter moved", {f"{Q}/0/in": "header"}, "?parameter-removed =optional-parameter-added"),
    ("a parameter takes less", {f"{Q}/0/schema/maximum": 20}, "!request-maximum-decreased"),
    ("a parameter takes more", {f"{Q}/0/schema/maximum": 80}, "=request-maximum-increased"),
    ("a text parameter takes less", {f"{Q}/1/schema/maxLength": 5}, "!request-max-length-decreased"),
    ("a parameter's default changed", {f"{Q}/0/schema/default": 20}, "?request-default-changed"),
    ("a number in a parameter became any text", {f"{Q}/0/schema": {"type": "string", "default": 10}}, "=request-type-changed"),
    ("a text in a parameter became a number", {f"{Q}/1/schema": {"type": "integer"}}, "!request-type-changed"),
    ("a list in a parameter is written otherwise", {f"{Q}/2/explode": False}, "!parameter-serialization-changed"),
    ("a plain parameter is written otherwise", {f"{Q}/0/explode": False}, "?parameter-serialization-changed"),
    ("a parameter is deprecated", {f"{Q}/0/deprecated": True}, "=parameter-deprecated"),
    # request bodies
    ("the body became required", {f"{N}/requestBody/required": True}, "!request-body-became-required"),
    ("the body is gone", {f"{N}/requestBody": GONE}, "?request-body-removed"),
    ("a required body is new", {f"{L}/requestBody": {"required": True, "content": {}}}, "!request-body-added-required"),
    ("an optional body is new", {f"{L}/requestBody": {"content": {}}}, "=request-body-added-optional"),
    ("a body's type is gone", {f"{N}/requestBody/content/text~1plain": GONE}, "!request-media-type-removed"),
    ("a body's type is wider", {f"{N}/requestBody/content/text~1*": f"MOVE {N}/requestBody/content/text~1plain"}, "=request-media-type-added"),
    ("a body's type with parameters", {f"{N}/requestBody/content/text~1plain; charset=utf-8": f"MOVE {N}/requestBody/content/text~1plain"}, ""),
    ("a body gets a schema", {f"{N}/requestBody/content/text~1plain/schema": {"type": "string", "minLength": 1}}, "!request-min-length-set"),
    ("a body loses its schema", {f"{N}/requestBody/content/text~1plain/schema": GONE}, "=request-type-widened"),
    # answers
    ("a success is gone", {f"{N}/responses/201": GONE}, "!response-success-status-removed"),
    ("a success is new", {f"{N}/responses/202": {"description": ""}}, "?response-success-status-added"),
    ("an error is gone", {f"{L}/responses/404": GONE}, "=response-error-status-removed"),
    ("an error is new", {f"{L}/responses/409": {"description": ""}}, "=response-error-status-added"),
    ("a range became one status", {f"{I}/get/responses/200": f"MOVE {I}/get/responses/2XX"}, ""),
    ("an answer's type is gone", {f"{OK}/content/application~1json": GONE, f"{OK}/content/text~1csv": {}}, "!response-media-type-removed ?response-media-type-added"),
    ("an answer's type is new", {f"{OK}/content/text~1csv": {}}, "?response-media-type-added"),
    ("an answer has no body any more", {f"{OK}/content": GONE}, "!response-body-removed"),
    ("a required header is gone", {f"{OK}/headers/X-Total": GONE}, "!response-header-removed"),
    ("an optional header is gone", {f"{OK}/headers/X-Hint": GONE}, "?response-header-removed"),
    ("a header is new", {f"{OK}/headers/X-New": {"schema": TEXT}}, "=response-header-added"),
    ("a header became optional", {f"{OK}/headers/X-Total/required": False}, "!response-header-became-optional"),
    ("a header became required", {f"{OK}/headers/X-Hint/required": True}, "=response-header-became-required"),
    ("a header promises less", {f"{OK}/headers/X-Total/schema/minimum": GONE}, "!response-minimum-unset"),
    ("a link is gone", {f"{OK}/links": GONE}, "?response-link-removed"),
    # security
    ("credentials are needed", {f"{I}/get/security": GONE}, "!security-required"),
    ("credentials are not needed any more", {f"{L}/security": []}, "=security-loosened"),
    ("one kind of credentials is gone", {"/security/0": GONE}, "!security-tightened"),
    ("credentials that ask for more are new", {"/security/2": {"key": [], "login": []}}, ""),
    ("another scope is needed", {"/security/1/login": ["read", "write"]}, "!security-scope-added"),
    ("a scope is not needed any more", {"/security/1/login": []}, "=security-loosened"),
    ("the key has another header", {"/components/securitySchemes/key/name": "X-Api-Key"}, "!security-tightened ?security-scheme-changed"),
    ("a scheme has another name", {"/components/securitySchemes/token": "MOVE /components/securitySchemes/key", "/security/0": {"token": []}}, ""),
    ("tokens come from elsewhere", {"/components/securitySchemes/login/flows/clientCredentials/tokenUrl": "https://x.example/"}, "?security-address-changed"),
    ("a scope cannot be had", {"/components/securitySchemes/login/flows/clientCredentials/scopes/write": GONE}, "?security-scope-unavailable"),
    ("a flow is gone", {"/components/securitySchemes/login/flows/clientCredentials": GONE}, "?security-scheme-changed"),
    # the document
    ("another host", {"/servers/0/url": "https://other.example/v1"}, ""),
    ("another base path", {"/servers/0/url": "https://pets.example/v2"}, "?server-removed =server-added"),
    ("a lower version", {"/info/version": "1.1.9"}, "?version-decreased"),
    ("a webhook is gone", {"/webhooks/moved": GONE}, "!webhook-removed"),
    ("a webhook is new", {"/webhooks/fed": {"post": {"responses": {}}}}, "=webhook-added"),
    ("a webhook sends more", {"/webhooks/moved/post/requestBody/content/application~1json/schema/type": "number"}, "!response-type-widened"),
    ("a webhook sends less", {"/webhooks/moved/post/requestBody/content/application~1json/schema/minimum": 0}, "=response-minimum-set"),
    ("a callback is gone", {f"{N}/callbacks": GONE}, "!callback-removed"),
    ("words and examples", {"/info/title": "x", f"{P}/name/description": "x", f"{P}/name/example": "bo", f"{L}/summary": "x"}, ""),
    # schemas, sent and received
    ("longer texts", {f"{P}/name/maxLength": 30}, "=request-max-length-increased !response-max-length-increased"),
    ("shorter texts", {f"{P}/name/maxLength": 10}, "!request-max-length-decreased =response-max-length-decreased"),
    ("any length", {f"{P}/name/maxLength": GONE}, "=request-max-length-unset !response-max-length-unset"),
    ("texts not so short", {f"{P}/name/minLength": 3}, "!request-min-length-increased =response-min-length-increased"),
    ("texts may be shorter", {f"{P}/name/minLength": 1}, "=request-min-length-decreased !response-min-length-decreased"),
    ("no pattern", {f"{P}/name/pattern": GONE}, "=request-pattern-unset !response-pattern-unset"),
    ("a pattern", {f"{P}/born/pattern": "^2"}, "!request-pattern-set =response-pattern-set"),
    ("a pattern that is not so strict", {f"{P}/name/pattern": "^[a-z0-9]+$"}, "?request-pattern-changed !response-pattern-changed"),
    ("a pattern that nobody can run", {f"{P}/born/pattern": "^(a+)+$"}, "?request-pattern-set =response-pattern-set"),
    ("a format", {f"{P}/name/format": "date"}, "!request-format-set =response-format-set"),
    ("another format", {f"{P}/born/format": "date-time"}, "!request-format-changed !response-format-changed"),
    ("an unknown format", {f"{P}/name/format": "pet-name"}, "?request-format-set =response-format-set"),
    ("numbers may be higher", {f"{P}/age/maximum": 50}, "=request-maximum-increased !response-maximum-increased"),
    ("numbers start later", {f"{P}/age/minimum": 1}, "!request-minimum-increased =response-minimum-increased"),
    ("whole numbers became numbers", {f"{P}/age/type": "number"}, "=request-type-widened !response-type-widened"),
    ("whole numbers became texts", {f"{P}/age": TEXT}, "!request-type-changed !response-type-changed"),
    ("a bound that is written otherwise", {f"{P}/age/minimum": GONE, f"{P}/age/exclusiveMinimum": -1}, "=request-exclusive-minimum-set =response-minimum-unset"),
    ("finer steps", {f"{P}/weight/multipleOf": 0.25}, "=request-multiple-of-changed !response-multiple-of-changed"),
    ("coarser steps", {f"{P}/weight/multipleOf": 1}, "!request-multiple-of-changed =response-multiple-of-changed"),
    ("zero is allowed", {f"{P}/weight/exclusiveMinimum": GONE, f"{P}/weight/minimum": 0}, "=request-exclusive-minimum-unset !response-exclusive-minimum-unset"),
    ("null", {f"{P}/age/type": ["integer", "null"]}, "=request-became-nullable !response-became-nullable"),
    ("no null", {f"{P}/weight/type": "number"}, "!request-became-not-nullable =response-became-not-nullable"),
    ("null by oneOf", {f"{P}/owner": {"oneOf": [copy.deepcopy(PET["properties"]["owner"]), {"type": "null"}]}}, "=request-became-nullable !response-became-nullable"),  # type: ignore[index]
    ("a new value in a list", {f"{P}/status/enum": ["new", "sold", "lost"]}, "=request-enum-value-added !response-enum-value-added"),
    ("a value is gone from a list", {f"{P}/status/enum": ["new"]}, "!request-enum-value-removed =response-enum-value-removed"),
    ("a list of values", {f"{P}/born/enum": ["2024-01-01"]}, "!request-became-enum =response-became-enum"),
    ("no list of values", {f"{P}/status": TEXT}, "=request-enum-removed !response-enum-removed"),
    ("a list of one became const", {f"{P}/status": {"const": "new"}}, "!request-enum-value-removed =response-enum-value-removed"),
    ("a list became alternatives", {f"{P}/status": {"oneOf": [{"const": "new"}, {"const": "sold"}]}}, "=request-enum-removed =response-enum-removed"),
    ("an extensible value is gone", {f"{P}/mood/x-extensible-enum": ["good"]}, "?request-extensible-enum-value-removed =response-extensible-enum-value-removed"),
    ("a new property", {f"{P}/colour": TEXT}, "=request-optional-property-added =response-optional-property-added"),
    ("a new property that is needed", {f"{P}/colour": TEXT, "/components/schemas/Pet/required": ["name", "status", "colour"]}, "!request-required-property-added =response-required-property-added"),
    ("a property is gone", {f"{P}/age": GONE}, "?request-property-removed ?response-property-removed"),
    ("a needed property is gone", {f"{P}/status": GONE, "/components/schemas/Pet/required": ["name"]}, "?request-property-removed !response-property-removed"),
    ("a property became needed", {"/components/schemas/Pet/required": ["name", "status", "age"]}, "!request-property-became-required =response-property-became-required"),
    ("a property is not needed any more", {"/components/schemas/Pet/required": ["name"]}, "=request-property-became-optional !response-property-became-optional"),
    ("what the server owns is needed", {"/components/schemas/Pet/required": ["name", "status", "id"]}, "=response-property-became-required"),
    ("what the server owns has another type", {f"{P}/id": {"type": "integer", "readOnly": True}}, "!response-type-changed"),
    ("what clients own has another type", {f"{P}/secret": {"type": "integer", "writeOnly": True}}, "!request-type-changed"),
    ("the server owns it now", {f"{P}/age/readOnly": True}, "?request-property-became-read-only =response-property-became-read-only"),
    ("the server does not own it any more", {f"{P}/id/readOnly": GONE}, "=request-property-became-not-read-only"),
    ("a needed property is not answered", {f"{P}/status/writeOnly": True}, "!response-property-became-write-only"),
    ("a secret is answered", {f"{P}/secret/writeOnly": GONE}, "=response-property-became-not-write-only"),
    ("no other properties", {"/components/schemas/Pet/additionalProperties": False}, "=request-additional-properties-closed =response-additional-properties-closed"),
    ("no free properties", {f"{P}/labels/additionalProperties": False}, "!request-additional-properties-closed =response-additional-properties-closed"),
    ("other free properties", {f"{P}/labels/additionalProperties": {"type": "integer"}}, "!request-type-changed !response-type-changed"),
    ("any free properties", {f"{P}/labels/additionalProperties": True}, "=request-additional-properties-relaxed !response-additional-properties-relaxed"),
    ("named free properties", {f"{P}/labels/patternProperties": {"^x": {"type": "string", "minLength": 2}}}, "!request-pattern-property-added =response-pattern-property-added"),
    ("few properties", {f"{P}/labels/maxProperties": 3}, "!request-max-properties-set =response-max-properties-set"),
    ("more elements", {f"{P}/tags/maxItems": 9}, "=request-max-items-increased !response-max-items-increased"),
    ("no empty list", {f"{P}/tags/minItems": 2}, "!request-min-items-increased =response-min-items-increased"),
    ("elements may repeat", {f"{P}/tags/uniqueItems": False}, "=request-unique-items-unset !response-unique-items-unset"),
    ("elements of another type", {f"{P}/tags/items": {"type": "integer"}}, "!request-type-changed !response-type-changed"),
    ("a third element", {f"{P}/place/prefixItems/2": {"type": "number"}}, "!request-prefix-items-added =response-prefix-items-added !request-type-narrowed =response-type-narrowed !request-became-not-nullable"),
    ("a new default", {f"{P}/size/default": 4}, "?request-default-changed =response-default-changed"),
    ("no default", {f"{P}/size/default": GONE}, "?request-default-removed =response-default-removed"),
    ("a default", {f"{P}/age/default": 4}, "?request-default-added =response-default-added"),
    ("a deprecated property", {f"{P}/age/deprecated": True}, "=request-property-deprecated =response-property-deprecated"),
    ("a new alternative", {f"{P}/kind/oneOf/2": {"$ref": "#/components/schemas/Bird"}}, "=request-one-of-branch-added !response-one-of-branch-added"),
    ("an alternative is gone", {f"{P}/kind/oneOf/1": GONE}, "!request-one-of-branch-removed"),
    ("alternatives in another order", {f"{P}/kind/oneOf": [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}]}, ""),
    ("an alternative takes less", {"/components/schemas/Cat/properties/lives/maximum": 9}, "!request-maximum-set =response-maximum-set"),
    ("another discriminator", {f"{P}/kind/discriminator/propertyName": "type"}, "?request-discriminator-changed ?response-discriminator-changed"),
    ("no discriminator", {f"{P}/kind/discriminator": GONE}, "?request-discriminator-removed ?response-discriminator-removed"),
    ("a name less in the mapping", {f"{P}/kind/discriminator/mapping": {}}, "?request-discriminator-mapping-removed ?response-discriminator-mapping-removed"),
    ("another name in the mapping", {f"{P}/kind/discriminator/mapping/dog": "Dog"}, "=request-discriminator-mapping-added"),
    ("one type fewer by anyOf", {f"{P}/code/anyOf/1": GONE}, "!request-type-narrowed =response-type-narrowed !request-any-of-branch-removed"),
    ("alternatives became types", {f"{P}/code": {"type": ["string", "integer"]}}, ""),
    ("allOf written out", {f"{P}/owner": {"type": "object", "properties": {"mail": TEXT}, "required": ["mail"]}}, ""),
    ("allOf demands more", {f"{P}/owner/allOf/2": {"required": ["phone"]}}, "!request-does-not-fit"),
    ("allOf describes more", {f"{P}/owner/allOf/2": {"properties": {"phone": TEXT}}}, "=request-optional-property-added =response-optional-property-added"),
    ("not became stricter", {f"{P}/not/not": {"type": ["boolean", "null"]}}, "!request-not-changed =response-not-changed !request-became-not-nullable"),
    ("another encoding", {f"{P}/blob/contentEncoding": "base64url"}, "?request-content-encoding-changed ?response-content-encoding-changed"),
]  # fmt: skip


def edited(edits: dict[str, Any], base: dict[str, Any] = BASE) -> dict[str, Any]:
    root = copy.deepcopy(base)
    for pointer, value in edits.items():
        if isinstance(value, str) and value.startswith("MOVE "):
            place(root, pointer, place(root, value.removeprefix("MOVE "), GONE))
        else:
            place(root, pointer, copy.deepcopy(value) if value is not GONE else GONE)
    return root


def place(root: Any, pointer: str, value: Any) -> Any:
    """Put a value at a pointer, or take away what is there; return what was there."""
    *way, last = (token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])
    for token in way:
        root = root[int(token) if isinstance(root, list) else token]
    if isinstance(root, list):
        before = root[int(last)] if int(last) < len(root) else None
        root[int(last) : int(last) + 1] = [] if value is GONE else [value]
        return before
    before = root.get(last)
    if value is GONE:
        del root[last]
    else:
        root[last] = value
    return before


def changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[Change, ...]:
    return compare(from_values(old, "old"), from_values(new, "new"), TODAY)


def marked(found: tuple[Change, ...]) -> set[str]:
    return {f"{MARKS[change.kind]}{change.id}" for change in found}


@pytest.mark.parametrize(("edits", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_an_edit_is_called_what_it_is(edits: dict[str, Any], expected: str) -> None:
    found = marked(changes(BASE, edited(edits))) - {"=major-version-not-raised"}
    named = set(expected.split())
    assert {one for one in found if one[0] != "="} == {one for one in named if one[0] != "="}
    assert named <= found
    if not expected:
        assert not {one for one in found if one.removeprefix("=").startswith(("request-body", "operation", "path"))}


def test_there_are_enough_rows_and_each_is_another() -> None:
    assert len(ROWS) >= 120
    assert len({row[0] for row in ROWS}) == len(ROWS)


def test_every_id_is_in_the_catalogue_and_what_breaks_has_a_remedy() -> None:
    known = set(ids())
    for _, edits, _ in ROWS:
        for change in changes(BASE, edited(edits)):
            assert change.id in known
            assert change.remedy or change.kind is Kind.COMPATIBLE, change.id


def test_the_document_itself_is_no_change() -> None:
    assert changes(BASE, copy.deepcopy(BASE)) == ()


def test_a_change_of_a_shared_schema_is_one_change_with_all_its_operations() -> None:
    root = edited(
        {
            "/paths/~1cats": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                    "responses": {},
                }
            }
        }
    )
    (change,) = (
        one
        for one in changes(root, edited({f"{P}/name/maxLength": 10}, root))
        if one.id == "request-max-length-decreased"
    )
    assert change.operations == ("POST /pets", "POST /cats")
    assert (change.place.old, change.place.new) == (f"{P}/name/maxLength", f"{P}/name/maxLength")
    assert "name: maxLength 20 → 10" in change.message
    assert change.example == '"aaaaaaaaaaa"'


def test_a_breaking_change_under_the_same_major_version_is_pointed_out() -> None:
    assert "=major-version-not-raised" in marked(changes(BASE, edited({L: GONE})))
    assert "=major-version-not-raised" not in marked(changes(BASE, edited({L: GONE, "/info/version": "2.0.0"})))


OLD_DIALECT = {
    "openapi": "3.0.3", "info": {"title": "t", "version": "1"},
    "paths": {"/": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
        "a": {"type": "string", "nullable": True}, "b": {"type": "integer", "minimum": 1, "exclusiveMinimum": True}, "c": {"type": "string"},
    }}}}}, "responses": {}}}},
}  # fmt: skip
A = "/paths/~1/post/requestBody/content/application~1json/schema/properties"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({f"{A}/a/nullable": GONE}, {"!request-became-not-nullable"}),
        ({f"{A}/c/nullable": True}, {"=request-became-nullable"}),
        ({f"{A}/b/exclusiveMinimum": GONE}, {"=request-exclusive-minimum-unset", "=request-minimum-set"}),
        ({f"{A}/b/minimum": 2}, {"!request-exclusive-minimum-increased"}),
        (
            {f"{A}/b/minimum": 2, f"{A}/b/exclusiveMinimum": False},
            {"=request-exclusive-minimum-unset", "=request-minimum-set"},
        ),
        ({f"{A}/c/const": "x"}, set()),  # 3.0 has no const
        (
            {
                f"{A}/a": {"type": ["string", "null"]},
                f"{A}/b": {"type": "integer", "exclusiveMinimum": 1},
                "/openapi": "3.1.0",
            },
            set(),
        ),
    ],
)
def test_3_0_means_what_3_0_says(edits: dict[str, Any], expected: set[str]) -> None:
    assert marked(changes(OLD_DIALECT, edited(edits, OLD_DIALECT))) - {"=major-version-not-raised"} == expected
