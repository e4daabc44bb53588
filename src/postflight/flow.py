"""Flows over HTTP, written once and without I/O.

A flow is a generator that yields `Request`s (and `Pause`s) and receives `Response`s, as httpx's `auth_flow` does;
whoever runs it brings the transport. So the smoke test, the load engine and a unit test with recorded answers run the
same dozen lines.

    def sign_in(self, account):
        answer = yield Request("POST", "web", "/api/auth/login", json={...})
        return answer.expect(200).json_object().text("token")
"""

import json
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from postflight.errors import UnexpectedAnswer

T = TypeVar("T")
JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None


MAX_SHOWN = 300  # characters of an answer that an error shows


def cut(text: str) -> str:
    """Return the beginning of a text. The mark of the cut lets the redactor find what is left of a secret beside it."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `service` is a name of the deployment's services; `path` is joined to its URL, or is absolute (`https://...`)."""

    method: str
    service: str
    path: str
    json: JSON = None
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str | None = field(default=None, repr=False)  # sent as a bearer token
    region: str | None = None
    deadline: float = 10.0  # seconds for the whole exchange, redirects included
    name: str = ""  # for statistics; default: "METHOD path"
    follow_redirects: bool = False
    content: bytes | None = None  # a body that `json` cannot say, sent as it is; its type is among `headers`
    expects_end: bool = False  # it asks whether something is gone: no answer is no error in statistics


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before going on, for example between two polls. Whoever runs the flow decides how."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Together:
    """Send these requests side by side, as a browser loads the parts of a page. Answered with a tuple, in their order.

    Whoever runs the flow decides how many go at the same time. When some fail, the first of the errors is thrown into
    the flow, after all have ended.
    """

    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something beyond HTTP, such as a message over a WebSocket: a coroutine for the loop of whoever runs the flow.

    Answered with what it returns; its errors are thrown into the flow.
    """

    name: str  # for statistics
    run: Callable[[], Awaitable[Any]]
    deadline: float = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object from the target, and how to say politely that it is not what was promised."""

    value: Mapping[str, JSON]
    response: "Response"

    def _seen(self, found: JSON) -> str:
        """Say what was there: the names beside it, and not their values, of which one may be a token."""
        return f"{found!r} in an object with {cut(', '.join(sorted(self.value))) or 'nothing in it'}"

    def text(self, key: str) -> str:
        """Return the non-empty string at `key`, or raise `UnexpectedAnswer`."""
        found = self.value.get(key)
        if isinstance(found, str) and found:
            return found
        raise self.response.unexpected(f"a non-empty string at {key!r}", self._seen(found))

    def object(self, key: str) -> "Answer":
        """Return the object at `key`, or raise `UnexpectedAnswer`."""
        found = self.value.get(key)
        if isinstance(found, dict):
            return Answer(found, self.response)
        raise self.response.unexpected(f"an object at {key!r}", self._seen(found))

    def items(self, key: str) -> list[JSON]:
        """Return the list at `key`, or raise `UnexpectedAnswer`."""
        found = self.value.get(key)
        if isinstance(found, list):
            return found
        raise self.response.unexpected(f"a list at {key!r}", self._seen(found))


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `seconds` is the whole exchange; `curl` reproduces the request, free of secrets.

    For `late` of these seconds we ourselves stood still: nobody knows when in them it came.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    seconds: float
    http_version: str = "HTTP/1.1"
    curl: str = ""
    history: tuple[str, ...] = ()  # URLs that redirected here
    late: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the header's values joined by `, `, or None."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def expect(self, *statuses: int) -> "Response":
        """Return self when the status is one of these, else raise `UnexpectedAnswer`."""
        if self.status in statuses:
            return self
        raise self.unexpected(f"status {' or '.join(map(str, statuses))}", f"status {self.status}: {cut(self.text)!r}")

    def json_object(self) -> Answer:
        """Return the body as a JSON object, or raise `UnexpectedAnswer`."""
        try:
            value: Any = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return Answer(value, self)
        raise self.unexpected("a JSON object", repr(cut(self.text)))

    def unexpected(self, expected: str, seen: str) -> UnexpectedAnswer:
        """Build the error for an answer that is not what was promised."""
        return UnexpectedAnswer(
            f"{self.url} answered with {seen}, not {expected}",
            expected=expected,
            seen=seen,
            where=self.url,
            curl=self.curl,
        )


Wish = Request | Pause | Together | Task
Flow = Generator[Wish, Response, T]


def together(requests: Iterable[Request]) -> Flow[tuple[Response, ...]]:
    """Send requests side by side and return their answers, in their order."""
    wish = Together(tuple(requests))
    answers: Any = (yield wish) if wish.requests else ()
    return tuple(answers)
