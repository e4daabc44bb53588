"""The reference platform's OpenAPI document is true: real answers of every operation, held against it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from postflight.reference_process import READY_VARIABLE, reference_platform
from reference.web.attempts import LIMIT

NOBODY = "00000000-0000-4000-8000-000000000000"
Object = dict[str, Any]


class Contract:
    """An OpenAPI document, and which of its answers were seen."""

    def __init__(self, document: Object) -> None:
        self.document = document
        self.seen: set[tuple[str, str]] = set()

    def check(self, answer: httpx.Response) -> None:
        """Hold an answer against the document. Raises AssertionError or ValidationError where they disagree."""
        operation = self._operation(answer.request)
        promised = operation["responses"]
        status = str(answer.status_code)
        assert status in promised, f"{answer.request.method} {answer.url} gave {status}: {answer.text}"
        self.seen.add((operation["operationId"], status))
        response = self._resolve(promised[status])
        for name, header in response["headers"].items():
            assert name in answer.headers or not self._resolve(header).get("required"), f"{name} is missing"
        content = response.get("content")
        if content is None:
            assert answer.content == b""
            return
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in content
        if kind == "application/json":
            self.validate(content[kind]["schema"], answer.json())

    def validate(self, schema: Object, value: object) -> None:
        Draft202012Validator(
            schema | {"components": self.document["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(value)

    def unseen(self) -> set[tuple[str, str]]:
        """What the document promises and no answer showed."""
        return {
            (operation["operationId"], status)
            for item in self.document["paths"].values()
            for method, operation in item.items()
            if method != "parameters"
            for status in operation["responses"]
        } - self.seen

    def _operation(self, request: httpx.Request) -> Object:
        candidates = sorted(self.document["paths"], key=lambda path: path.count("{"))
        path = next(path for path in candidates if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), _raw(request)))
        operation: Object = self.document["paths"][path][request.method.lower()]
        return operation

    def _resolve(self, node: Object) -> Object:
        if "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            resolved: Object = self.document["components"][kind][name]
            return resolved
        return node


def _raw(request: httpx.Request) -> str:
    return request.url.raw_path.decode().partition("?")[0]


@pytest.fixture(scope="module")
def ready() -> Iterator[Object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(READY_VARIABLE, raising=False)
        with reference_platform(["--pool", "1"]) as line:
            yield json.loads(line)


@pytest.fixture
def client(ready: Object) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ready["web"], timeout=20, trust_env=False) as http:
        yield http


@pytest.fixture
def contract(client: httpx.Client) -> Contract:
    return Contract(client.get("/openapi.json").json())


def tried_too_often(client: httpx.Client) -> Object:
    """Return credentials that were wrong as often as they may be."""
    nobody = {"email": "nobody@velocity.test", "password": "wrong"}
    for _ in range(LIMIT):
        assert client.post("/api/auth/login", json=nobody).status_code == 401
    return nobody


def test_every_answer_is_as_documented(client: httpx.Client, contract: Contract, ready: Object) -> None:
    def call(method: str, path: str, expected: int, **options: Any) -> httpx.Response:
        answer = client.request(method, path, **options)
        contract.check(answer)
        assert answer.status_code == expected, f"{method} {path}: {answer.text}"
        return answer

    def refuse_bodies(method: str, path: str) -> None:
        call(method, path, 422, json={"name": 1, "content": 1, "context": 1})
        call(method, path, 415, content=b"{}", headers={"Content-Type": "text/plain"})
        call(method, path, 413, content=b"x" * 2_000_000, headers={"Content-Type": "application/json"})

    # strangers
    for path in ("/api/health", "/api/flags", "/openapi.json", "/metrics"):
        call("GET", path, 200)
    error = {"severity": "info", "code": "planted", "message": "a test of the contract"}
    call("POST", "/api/errors", 202, json=error)
    refuse_bodies("POST", "/api/errors")
    reports = {"Content-Type": "application/reports+json"}
    call("POST", "/api/csp-report", 204, content=b"[{}]", headers=reports)
    call("POST", "/api/csp-report", 204, content=b"{}", headers={"Content-Type": "application/csp-report"})
    call("POST", "/api/csp-report", 400, content=b"{", headers=reports)
    call("POST", "/api/csp-report", 422, content=b"[1]", headers=reports)
    call("POST", "/api/csp-report", 415, json={})
    call("POST", "/api/csp-report", 413, content=b"x" * 2_000_000, headers=reports)
    project, file = f"/api/projects/{NOBODY}", f"/api/projects/{NOBODY}/files/index.html"
    protected = [
        ("POST", "/api/auth/logout"), ("GET", "/api/projects"), ("POST", "/api/projects"),
        ("GET", project), ("PATCH", project), ("DELETE", project), ("GET", f"{project}/files"),
        ("GET", file), ("PUT", file), ("DELETE", file), ("POST", "/api/preview/start"), ("GET", "/api/preview"),
        ("GET", f"/api/preview/{NOBODY}"), ("DELETE", f"/api/preview/{NOBODY}"),
    ]  # fmt: skip
    for method, path in protected:
        call(method, path, 401, json={})
    account = ready["accounts"]["primary"]
    call("POST", "/api/auth/login", 401, json=account | {"password": "wrong"})
    refuse_bodies("POST", "/api/auth/login")
    call("POST", "/api/auth/login", 429, json=tried_too_often(client))
    call("POST", "/api/auth/login", 200, json=account)

    # by cookie, from a page of another origin
    for method, path in protected:
        if method != "GET":
            call(method, path, 403, json={}, headers={"Origin": "http://elsewhere.test"})

    # a user, by cookie
    for method, path in protected[3:10]:
        call(method, path, 404, json={"content": "x"})
    call("GET", f"/api/preview/{NOBODY}", 404)
    call("DELETE", f"/api/preview/{NOBODY}", 404)
    call("POST", "/api/preview/start", 404, json={"projectId": NOBODY})
    refuse_bodies("POST", "/api/projects")
    refuse_bodies("POST", "/api/preview/start")
    call("GET", "/api/projects?limit=0", 422)

    made = call("POST", "/api/projects", 201, json={"name": "Contract", "description": "of a test"})
    project = made.headers["Location"]
    call("GET", project, 200)
    call("PATCH", project, 200, json={"name": "Renamed", "description": None})
    refuse_bodies("PATCH", project)
    assert call("GET", "/api/projects?limit=1", 200).json()["projects"] == [call("GET", project, 200).json()]

    call("GET", f"{project}/files", 200)
    nested = f"{project}/files/pages%2Fabout.html"
    call("PUT", nested, 200, json={"content": "<h1>é</h1>"})
    assert call("GET", nested, 200).json()["size"] == len("<h1>é</h1>".encode())
    call("DELETE", nested, 204)
    refuse_bodies("PUT", f"{project}/files/index.html")
    for method in ("GET", "PUT", "DELETE"):
        call(method, f"{project}/files/a..b", 422, json={"content": ""})
    for number in range(98):  # beside index.html and main.js
        call("PUT", f"{project}/files/{number}", 200, json={"content": ""})
    call("PUT", f"{project}/files/one-too-many", 409, json={"content": ""})

    session = call("POST", "/api/preview/start", 200, json={"projectId": made.json()["id"]}).json()
    assert int(call("POST", "/api/preview/start", 429, json={"projectId": made.json()["id"]}).headers["Retry-After"])
    call("GET", "/api/preview", 200)
    call("GET", f"/api/preview/{session['sessionId']}", 200)
    call("DELETE", f"/api/preview/{session['sessionId']}", 204)
    assert call("GET", f"/api/preview/{session['sessionId']}", 200).json()["status"] == "ended"
    call("DELETE", project, 204)
    call("POST", "/api/auth/logout", 204)

    # what only a broken platform answers
    broken = {status for _, status in contract.unseen()}
    assert broken <= {"502", "503"}, contract.unseen()


def test_a_wrong_answer_is_noticed(client: httpx.Client, contract: Contract) -> None:
    """The red cases: a field more, a field less, a header less, a status that is not promised."""
    request = client.build_request("GET", "/api/flags")

    def answer(status: int, body: object, **headers: str) -> httpx.Response:
        return httpx.Response(status, json=body, headers=headers, request=request)

    good = {"flags": {"NEW_EDITOR": True}, "environment": "local"}
    version = {"x-velocity-version": "1.4.2"}
    contract.check(answer(200, good, **version))
    wrongs: list[Object] = [good | {"more": 1}, {"flags": {}}, good | {"flags": {"NEW_EDITOR": "yes"}}]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            contract.check(answer(200, wrong, **version))
    with pytest.raises(AssertionError, match="x-velocity-version is missing"):
        contract.check(answer(200, good))
    with pytest.raises(AssertionError, match="gave 404"):
        contract.check(answer(404, good, **version))
