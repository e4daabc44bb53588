"""A document that is safe to hand to a tool: nothing in it leads elsewhere."""

import json
from pathlib import Path

import pytest

from postflight.checks.openapi.document import BadDocument, Document
from postflight.checks.openapi.reading import from_values
from postflight.contract.documents import base_path, load_file, operations, self_contained
from postflight.errors import ConfigError


def document(**more) -> Document:
    return from_values({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}} | more, "doc")


def test_operations_know_what_they_need() -> None:
    paths = {
        "/open": {"get": {"security": [], "responses": {}}, "summary": "no operation"},
        "/closed": {"post": {"requestBody": {}, "responses": {}, "x-postflight-safe": True}},
        "/either": {"get": {"security": [{}, {"bearer": []}], "responses": {}}},
    }
    found = operations(document(paths=paths, security=[{"bearer": []}]))
    assert [(one.label, one.secured, one.safe, one.body) for one in found] == [
        ("GET /open", False, False, False),
        ("POST /closed", True, True, True),
        ("GET /either", False, False, False),
    ]


@pytest.mark.parametrize(
    ("url", "path"), [("https://evil.example/api/v2/", "/api/v2"), ("/api", "/api"), ("https://evil.example", "")]
)
def test_of_a_server_only_the_path_counts(url: str, path: str) -> None:
    assert base_path(document(servers=[{"url": "https://{region}.example/x"}, {"url": url}])) == path


def test_nothing_leads_elsewhere() -> None:
    paths = {
        "/a": {
            "servers": [{"url": "https://evil.example"}],
            "get": {
                "servers": [{"url": "https://evil.example"}],
                "responses": {
                    "200": {"content": {"x/y": {"examples": {"e": {"externalValue": "https://evil.example/e"}}}}}
                },
            },
        }
    }
    schemas = {"Cluster": {"properties": {"servers": {"type": "array"}, "externalValue": {"type": "string"}}}}
    cut = self_contained(
        document(paths=paths, servers=[{"url": "https://evil.example"}], components={"schemas": schemas})
    )
    assert "evil.example" not in json.dumps(cut)
    assert cut["components"]["schemas"] == schemas  # properties that happen to have such names


def test_references_to_other_documents_are_refused() -> None:
    paths = {"/a": {"get": {"responses": {"200": {"$ref": "https://evil.example/r.json"}}}}}
    with pytest.raises(BadDocument, match="bundle"):
        self_contained(document(paths=paths))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_file(tmp_path / "none.yaml")
