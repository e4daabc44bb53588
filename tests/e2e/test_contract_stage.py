"""The contract stage against a small API that keeps its document, or does not; the server counts what it was sent."""

import gzip
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, run_process, serving

OBJECT = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "secret": {"anyOf": [{"type": "string", "writeOnly": True}, {"type": "null"}]},
    },
}
JSON = {"application/json": {"schema": OBJECT}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z0-9]{1,8}$"}}
LIST = {"application/json": {"schema": {"type": "array", "items": OBJECT}}}
NEW = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 20}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "http://elsewhere.invalid/v1"}],  # of whoever wrote the document: nothing may go there
    "paths": {
        "/things": {
            "get": {"responses": {"200": {"description": "all", "content": LIST}}},
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": NEW}}},
                "responses": {
                    "201": {"description": "made", "content": JSON},
                    **{status: {"description": "refused"} for status in ("400", "415", "422")},
                },
            },
        },
        "/things/{id}": {
            "parameters": [ID],
            "get": {"responses": {"200": {"description": "it", "content": JSON}, "404": {"description": "none"}}},
            "delete": {"responses": {"204": {"description": "gone"}, "404": {"description": "none"}}},
        },
    },
}


class Things(BaseHTTPRequestHandler):
    """The API. `fault` says how it breaks its promise."""

    protocol_version = "HTTP/1.1"
    fault = ""
    things: dict[str, str]
    counted: Counter[str]
    lock: threading.Lock

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.lock:
            self.counted[self.command] += 1
            status, value, headers = self.answer(self.path.partition("?")[0], body)
            if self.fault == "busy" and self.counted.total() > 20:
                status, value, headers = 429, None, {"retry-after": "60"}
            if self.fault == "silent":
                status, value, headers = 404, None, {}
        content = b"" if value is None else gzip.compress(json.dumps(value).encode())
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        if content:
            self.send_header("content-type", "application/json")
            self.send_header("content-encoding", "gzip")
        if status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def answer(self, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if path == "/v1/things":
            if self.command == "GET":
                wrong = {"type": {"id": 7}, "leak": {"secret": "s"}}.get(self.fault, {"secret": None})
                return 200, [{"id": key, "name": name} | wrong for key, name in self.things.items()], {}
            return self.create(body) if self.command == "POST" else (405, None, {"allow": "GET, POST"})
        if found := re.fullmatch(r"/v1/things/([a-z0-9]{1,8})", path):
            return self.one(found[1])
        return (200, DOCUMENT, {}) if path == "/openapi.json" else (404, None, {})

    def create(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if self.headers.get("content-type") != "application/json":
            return 415, None, {}
        try:
            name = json.loads(body)["name"]
        except (ValueError, TypeError, KeyError):
            return 422, None, {}
        if not isinstance(name, str) or len(name) > 20:
            return (500 if self.fault == "crash" else 422), None, {}
        key = str(len(self.things) + self.counted.total())
        self.things[key] = name
        return 201, {"id": key, "name": name}, {"location": f"/v1/things/{key}"}

    def one(self, key: str) -> tuple[int, Any, dict[str, str]]:
        if self.command not in ("GET", "DELETE"):
            return 405, None, {"allow": "DELETE, GET"}
        if key not in self.things:
            return 404, None, {}
        if self.command == "DELETE" and self.fault == "kept":
            return 403, None, {}
        return (
            (204, (self.things.pop(key), None)[1], {})
            if self.command == "DELETE"
            else (200, {"id": key, "name": "n"}, {})
        )

    def log_message(self, *_: object) -> None:
        pass


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "QUERY"):
    setattr(Things, f"do_{_method}", Things._any)


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[tuple[str, type[Things]]]:
    parts = {
        "things": {"first": "n"},
        "counted": Counter(),
        "lock": threading.Lock(),
        "fault": getattr(request, "param", ""),
    }
    handler = type("Handler", (Things,), parts)
    with serving(handler) as url:
        yield url, handler


def contract(
    tmp_path: Path,
    url: str,
    allow: str,
    *arguments: str,
    more: str = "",
    what: str = "contract",
    platform: str = "things",
) -> Result:
    """Run the stage against an environment that allows this."""
    (tmp_path / "deployments.yaml").write_text(
        f"version: 1\nplatforms:\n  {platform}:\n    environments:\n      here:\n        base_url: {url}\n"
        f"        allow: [{allow}]\n{more}"
    )
    (tmp_path / "budgets.yaml").write_text("version: 1\nplatforms: {}\n")
    (tmp_path / "openapi.json").write_text(json.dumps(DOCUMENT))
    reports = tmp_path / "reports"
    return run_process(
        sys.executable, "-m", "pytest", what, "-m", "contract", "-p", "no:cacheprovider", "--contract-seed", "1",
        "--platform", platform, "--environment", "here", "--openapi", str(tmp_path / "openapi.json"),
        "--deployments", str(tmp_path / "deployments.yaml"), "--budgets", str(tmp_path / "budgets.yaml"),
        "--reports", str(reports), *arguments, reports=reports,
    )  # fmt: skip


def bad(result: Result) -> dict[str, str]:
    return {name: status for name, status in result.statuses().items() if status not in {"good", "excluded"}}


PREFLIGHT = Counter({"GET": 1})  # before anything is collected, and not through the stage's transport


def statuses_of_the_end(result: Result) -> dict[str, str]:
    return {name: status for name, status in result.statuses().items() if name.startswith("contract-")}


def sent(result: Result) -> Counter[str]:
    """What the run says that it has sent, by method."""
    told = result.finding("contract-requests")["measurements"]
    return Counter({one["where"]: int(one["values"][0]) for one in told})


def test_where_fuzzing_is_not_allowed_the_server_counts_reading_only(api: Any, tmp_path: Path) -> None:
    url, handler = api
    result = contract(tmp_path, url, "create")
    assert set(handler.counted) <= {"GET", "HEAD"}, handler.counted
    assert 5 < handler.counted.total() <= 300
    statuses = result.statuses()
    assert statuses["test_nothing_leaves_that_is_not_allowed"] == "excluded", result.output  # kept, and no evidence
    assert statuses["test_examples[GET /things]"] == "excluded", "the document has no example to try"
    assert statuses["test_fuzzing[POST /things]"] == "excluded"
    assert (bad(result), result.decision) == ({}, "promote"), result.output
    assert handler.things == {"first": "n"}
    assert sent(result) + PREFLIGHT == handler.counted
    told = result.finding("contract-requests")["summary"]
    assert "refused 5 (DELETE 1, GET 2, POST 1, PUT 1)" in told  # what the check of the promise has tried


@pytest.mark.parametrize("api", ["silent"], indirect=True)
def test_where_nothing_of_the_deployment_may_be_tried_our_own_good_conduct_is_no_evidence(
    api: Any, tmp_path: Path
) -> None:
    things = DOCUMENT["paths"]["/things"]
    only_writes = tmp_path / "writes.json"
    only_writes.write_text(json.dumps({**DOCUMENT, "paths": {"/things": {"post": things["post"]}}}))
    result = contract(tmp_path, api[0], "create", "--openapi", str(only_writes))
    assert result.decision == "invalid", result.output
    assert "nothing was verified" in result.output


@pytest.mark.parametrize("api", ["busy"], indirect=True)
def test_a_rate_limit_that_we_ran_into_is_no_broken_promise(api: Any, tmp_path: Path) -> None:
    result = contract(tmp_path, api[0], "create, fuzz", what="contract/test_fuzz.py")
    assert "bad" not in result.statuses().values(), result.output
    assert result.decision == "hold", result.output
    assert "429" in result.output


@pytest.mark.parametrize(("safe", "status"), [("POST /things", "excluded"), ("POST /api/auth/login", "bad")])
def test_without_an_account_that_may_be_used_nothing_is_asked_with_one(
    api: Any, safe: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = api
    monkeypatch.setenv("T_EMAIL", "somebody@velocity.test")
    monkeypatch.setenv("T_PASSWORD", "a-password")
    more = f"""\
        contract: {{safe: [{safe}]}}
        accounts: {{primary: {{email: T_EMAIL, password: T_PASSWORD}}}}
    adapter: platforms.velocity:Velocity
"""
    what = "contract/velocity/test_protocol.py::test_head_is_like_get"
    document = ("--openapi", "contract/velocity.openapi.yaml")
    result = contract(tmp_path, url, "create", *document, more=more, what=what, platform="velocity")
    assert result.statuses()["test_head_is_like_get"] == status, result.output
    assert (handler.counted["POST"] > 0) == (status == "bad")


def test_the_cap_of_requests_is_the_run_s(api: Any, tmp_path: Path) -> None:
    url, handler = api
    more = "        contract: {at_most: 4 requests}\n"
    result = contract(tmp_path, url, "create", "-n", "2", more=more)
    # the preflight looks once, and each of two processes may send its half
    assert handler.counted.total() <= 5, handler.counted
    assert sent(result) + PREFLIGHT == handler.counted  # of both processes
    assert "(2 processes)" in result.finding("contract-requests")["summary"]
    assert result.decision in {"hold", "invalid"}, result.output  # never green on what was not looked at


def test_where_it_is_allowed_everything_is_tried_and_removed(api: Any, tmp_path: Path) -> None:
    url, handler = api
    result = contract(tmp_path, url, "create, fuzz")
    assert {"GET", "POST", "DELETE", "PUT", "TRACE"} <= set(handler.counted), result.output
    assert handler.things in ({"first": "n"}, {})  # what was made is gone; an id may have been drawn
    assert statuses_of_the_end(result) == {"contract-requests": "good", "contract-leftovers": "good"}, result.output
    assert sent(result) + PREFLIGHT == handler.counted
    others = {name: status for name, status in bad(result).items() if "things/{id}" not in name}
    assert others == {}, result.output  # ids of nothing are no evidence: nobody has described how to create here


@pytest.mark.parametrize("api", ["kept"], indirect=True)
def test_what_could_not_be_removed_is_told(api: Any, tmp_path: Path) -> None:
    _, handler = api
    result = contract(tmp_path, api[0], "create, fuzz", what="contract/test_fuzz.py::test_fuzzing[POST /things]")
    left = [f"/things/{key}: DELETE answered 403" for key in handler.things if key != "first"]
    assert left, "nothing was created"
    told = result.finding("contract-leftovers")
    assert (told["status"], told["on_breach"], set(told["details"].splitlines())) == ("bad", "warn", set(left))
    assert told["summary"].startswith(f"{len(left)} could not be removed: /things/")
    assert "postflight cleanup --environment here --run " in told["summary"]
    assert result.decision == "promote", result.output  # nobody's client notices


@pytest.mark.parametrize(
    ("api", "check", "said"),
    [
        ("crash", "test_coverage[POST /things]", "Server error: status 500"),
        ("type", "test_fuzzing[GET /things]", '7 is not of type "string"'),
        ("leak", "test_fuzzing[GET /things]", 'Property "secret" is not allowed'),
    ],
    indirect=["api"],
)
def test_what_breaks_the_promise_is_told_with_a_line_to_repeat_it(
    api: Any, check: str, said: str, tmp_path: Path
) -> None:
    url, _ = api
    operation = check.partition("[")[2].rstrip("]")
    result = contract(tmp_path, url, "create, fuzz", what=f"contract/test_fuzz.py::{check}")
    told = [one for one in result.verdict["findings"] if one["status"] == "bad"]
    assert len(told) == 1, result.output  # one cause, one finding
    assert said in told[0]["summary"]
    assert operation in told[0]["check"]
    assert told[0]["curl"].startswith("curl ")
    assert "--contract-seed 1" in told[0]["rerun"]
    assert result.decision == "rollback"
