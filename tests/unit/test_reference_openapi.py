"""The reference platform's OpenAPI document: valid, whole, and of the routes that the server has."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from starlette.routing import Route

from reference.openapi import document
from reference.openapi_schemas import SCHEMAS
from reference.web import files, operations, previews, projects, session

METHODS = ("get", "put", "post", "patch", "delete")
DOCUMENT = document("http://127.0.0.1:4000")


def operations_of(contract: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in contract["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_validator_would_say_so() -> None:
    broken = document("http://127.0.0.1:4000")
    del broken["paths"]["/api/projects/{id}"]["parameters"]
    with pytest.raises(OpenAPIValidationError, match="id"):
        OpenAPIV31SpecValidator(broken).validate()


def test_it_names_where_it_was_asked() -> None:
    assert DOCUMENT["servers"] == [{"url": "http://127.0.0.1:4000"}]


def test_it_has_the_routes_of_the_server_and_no_other() -> None:
    served = {
        (method.lower(), _shape(route.path))
        for module in (session, projects, files, previews, operations)
        for route in module.ROUTES
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    } | {("get", "/metrics")}
    assert {(method, _shape(path)) for method, path, _ in operations_of(DOCUMENT)} == served


def _shape(path: str) -> str:
    """`/projects/{id:uuid}` -> `/projects/{}`: what parameters are called is not part of a route."""
    return re.sub(r"\{[^}]+\}", "{}", path)


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations_of(DOCUMENT)]
    assert len(names) == len(set(names))


def test_what_needs_a_user_says_what_strangers_are_told() -> None:
    for method, path, operation in operations_of(DOCUMENT):
        public = operation.get("security") == []
        assert public or "401" in operation["responses"], f"{method} {path}"
        foreign = not public and method != "get"
        assert foreign == ("403" in operation["responses"]), f"{method} {path}"


def test_what_takes_a_body_says_how_it_is_refused() -> None:
    for method, path, operation in operations_of(DOCUMENT):
        if "requestBody" in operation:
            assert {"413", "415", "422"} <= set(operation["responses"]), f"{method} {path}"


def test_crashes_are_not_part_of_the_contract() -> None:
    assert not any("500" in operation["responses"] for _, _, operation in operations_of(DOCUMENT))


def test_nothing_is_defined_that_nobody_uses() -> None:
    text = str(DOCUMENT)
    for kind in ("schemas", "responses", "headers"):
        for name in DOCUMENT["components"][kind]:
            assert f"'#/components/{kind}/{name}'" in text, f"{kind}/{name}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_examples_and_defaults_fit_their_schemas(name: str) -> None:
    for schema in _schemas_in(SCHEMAS[name]):
        validator = Draft202012Validator(
            schema | {"components": DOCUMENT["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        for value in [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]:
            validator.validate(value)


def _schemas_in(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in [*schema.get("properties", {}).values(), *schema.get("oneOf", [])]:
        yield from _schemas_in(inner)
