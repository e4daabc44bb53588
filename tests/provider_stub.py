"""A provider on loopback that answers as it is told, and keeps what it was asked: for tests of actions and channels."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from postflight.config.rollback import Severity, StepWords
from postflight.redact import Redactor
from postflight.rollback.actions.build import Tools, build_actions
from postflight.rollback.commands import Commands
from postflight.rollback.http import Caller
from postflight.rollback.model import Action, Case
from postflight.stats.rules import Do
from tests.conftest import serving

TOKEN = "t0ken-that-nobody-may-see"
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the example in the standard's own libraries
KEY = "postflight-0123"
CASE = Case(
    platform="shop",
    environment="production",
    base_url="https://shop.example",
    release="1.5.0",
    run_id="20260101T000000-abcdef",
    trigger="error_rate",
    do=Do.IMMEDIATE_ROLLBACK,
    severity=Severity.P0,
    since="2026-01-01T00:00:00+00:00",
    reasons=("12 of 100 requests failed",),
    serves="1.5.0",
)


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What is answered. `closes`: nothing at all, the connection just ends. `hangs`: nothing until the test is over."""

    status: int = 200
    body: object = None  # JSON, or bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    closes: bool = False
    hangs: bool = False


@dataclass
class Stub:
    """`answers`: method and path (without the query) -> answer; `POST` alone is for every other POST."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def of(self, method: str) -> list[Asked]:
        return [each for each in self.asked if each.method == method]


@contextlib.contextmanager
def stub() -> Iterator[Stub]:
    found = Stub()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append(Asked(self.command, self.path, headers, body))
            path = self.path.partition("?")[0]
            answer = found.answers.get(f"{self.command} {path}") or found.answers.get(self.command) or Answer()
            if answer.hangs:
                found.over.wait(20)
            if answer.closes or answer.hangs:
                return
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            if answer.body is None:
                data = b""
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815 - http.server's names

        def log_message(self, *args: object) -> None:
            pass

    with serving(Handler) as url:
        found.url = url
        try:
            yield found
        finally:
            found.over.set()


def tools(environ: Mapping[str, str] | None = None) -> Tools:
    redactor = Redactor()
    given = {"TOKEN": TOKEN, "HOOK": SIGNING, "NUMBER": "4711", **(environ or {})}
    return Tools(Caller(run_id=CASE.run_id, redactor=redactor), Commands(redactor, given), given)


def action(words: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Action:
    """The action of one step of deployments.yaml."""
    (built,) = build_actions([StepWords.model_validate_json(json.dumps(words))], tools(environ))
    return built


def done(acting: Action) -> str:
    """Plan and act, and return what was said; the plan shows no secret."""
    move = acting.plan(CASE)
    assert TOKEN not in move.says
    assert SIGNING not in move.says
    return acting.do(CASE, move, KEY)
