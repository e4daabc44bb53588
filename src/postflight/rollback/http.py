"""Requests that change something: sent once, judged by what is known about their effect.

The question after each is not "did it fail" but "may it have been done": what never left, or was answered with a clear
no, is `Refused`; silence, a cut answer, a 5xx or a conflict is `Unclear`. Redirects are never followed: a request
that carries a token goes where the configuration says, or nowhere.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import anyio
import httpx

from postflight.errors import ConfigError, PostflightError
from postflight.flow import Response, cut
from postflight.model import Secret
from postflight.probes.exchange import exchange
from postflight.probes.meaning import address
from postflight.probes.transport import open_transport
from postflight.redact import Redactor
from postflight.rollback.model import Refused, Unclear

BODY_LIMIT = 1_000_000  # bytes of an answer
CONNECT = 3.0  # seconds, at most, until a connection stands
AGAIN = 0.3  # seconds before the one retry of a request that never left
# beside 5xx: statuses that servers also give when they have done what was asked (302, 303: after a POST) or are at it
_NO_ANSWER = {HTTPStatus.CONFLICT, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `bearer` and `secret_headers` are shown by the names of their variables only."""

    method: str
    url: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    bearer: Secret | None = None
    secret_headers: Mapping[str, Secret] = field(default_factory=dict)
    deadline: float = 10.0  # seconds for all of it, a retry included
    shown_url: str = ""  # where the URL itself is a secret

    @property
    def says(self) -> str:
        """All of it in words, without secrets."""
        words = [f"{self.method} {self.shown_url or self.url}"]
        if self.bearer is not None:
            words.append(f"Authorization: Bearer {self.bearer}")
        words += [f"{name}: {secret}" for name, secret in self.secret_headers.items()]
        if self.body is not None:
            words.append(cut(self.body.decode("utf-8", "replace")))
        return "  ".join(words)


class Caller:
    """Sends calls, each over a connection of its own: they are few, and a fresh one is never half closed."""

    def __init__(self, *, run_id: str, redactor: Redactor, ca_file: str | None = None) -> None:
        self._run_id = run_id
        self.redactor = redactor
        self._ca_file = ca_file

    def send(self, call: Call) -> Response:
        """Return the answer, whatever its status.

        What never left is sent once more, and so is what was answered with 429 when `Retry-After` allows it: neither
        was done. Raises `Refused` when it never left, `Unclear` when no answer came.
        """
        end = time.monotonic() + call.deadline
        for last in (False, True):
            try:
                answer = anyio.run(self._exchange, call, max(0.1, end - time.monotonic()))
            except ConfigError as error:  # a certificate file or proxy that cannot be used
                raise Refused(f"nothing was sent: {self.redactor.text(str(error))}") from error
            except (Refused, Unclear) as error:
                if last or not isinstance(error, Refused) or time.monotonic() + AGAIN >= end:
                    raise
                time.sleep(AGAIN)
                continue
            wait = _retry_after(answer)
            if last or wait is None or time.monotonic() + wait >= end:
                return answer
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _exchange(self, call: Call, deadline: float) -> Response:
        secrets = {name: secret.reveal() for name, secret in call.secret_headers.items()}
        if call.bearer is not None:
            secrets["Authorization"] = f"Bearer {call.bearer.reveal()}"
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
        async with open_transport(run_id=self._run_id, ca_file=self._ca_file, limits=limits, http2=False) as client:
            try:
                request = client.build_request(
                    call.method,
                    call.url,
                    content=call.body,
                    headers={**call.headers, **secrets},
                    timeout=httpx.Timeout(None, connect=min(CONNECT, deadline)),
                )
                return await exchange(
                    client,
                    request,
                    deadline=deadline,
                    follow_redirects=False,
                    body_limit=BODY_LIMIT,
                    curl="",
                    redactor=self.redactor,
                )
            except (PostflightError, httpx.InvalidURL, UnicodeError) as error:
                raise self._meaning(call, error) from error

    def _meaning(self, call: Call, error: Exception) -> Refused | Unclear:
        where = call.shown_url or address(call.url)
        said = self.redactor.text(str(error))
        if isinstance(error.__cause__, _UNSENT) or not isinstance(error, PostflightError):
            return Refused(f"{where} was not reached, nothing was sent: {said}", where=where)
        return Unclear(f"{where} may have done it, but gave no whole answer: {said}", where=where)


def accepted(
    answer: Response, call: Call, redactor: Redactor, *, remedies: Mapping[int, str] | None = None
) -> Response:
    """Return an answer that says yes (2xx, with JSON or nothing in it).

    Raises `Refused` for a clear no, else `Unclear`.

    `remedies` say what a status means here and how to mend it, where that is special.
    """
    status, where = answer.status, call.shown_url or address(call.url)
    said = cut(redactor.text(_message(answer)))
    if 200 <= status < 300:
        if answer.body.strip() and not _is_json(answer):
            raise Unclear(
                f"{where} answered {status} with something that is no JSON ({said!r}): does a proxy or a sign-in page"
                " stand between? Look there whether it was done",
                where=where,
            )
        return answer
    remedy = (remedies or {}).get(status) or _remedy(status, answer, call)
    text = f"{where} answered {status} ({said!r}): {remedy}"
    if status >= 500 or status in _NO_ANSWER:
        raise Unclear(text, expected="status 2xx", seen=f"status {status}", where=where)
    raise Refused(text, expected="status 2xx", seen=f"status {status}", where=where)


def json_of(answer: Response, call: Call, redactor: Redactor) -> dict[str, Any]:
    """Return the JSON object of an answer to a question. Raises `Refused` when there is none: nothing was changed."""
    try:
        value = json.loads(accepted(answer, call, redactor).body)
    except Unclear as error:  # a question changes nothing
        raise Refused(str(error), where=error.facts.where) from error
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        said = cut(redactor.text(answer.text))
        raise Refused(f"{address(call.url)} answered {answer.status} with {said!r}, not with a JSON object")
    return value


def _remedy(status: int, answer: Response, call: Call) -> str:
    token = call.bearer or next(iter(call.secret_headers.values()), None)
    named = str(token) if token else "the credentials"
    if 300 <= status < 400:
        target = address(answer.header("location") or "") or "nowhere"
        return f"it redirects to {target}, and a token is not sent there: write the final address in deployments.yaml"
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return f"{named} is not accepted there: renew it, and check that it is of this account"
        case HTTPStatus.FORBIDDEN | HTTPStatus.PAYMENT_REQUIRED:
            return f"{named} may not do this: give it the permission, or check the plan of the account"
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return f"there is no such thing, or {named} does not see it: check names, team and address"
        case HTTPStatus.CONFLICT:
            return "something else is under way there: look what it is"
        case HTTPStatus.TOO_MANY_REQUESTS:
            after = answer.header("retry-after") or "a while"
            return f"too many requests with {named}: try again after {after} (s)"
        case _ if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
            return "it is broken itself: look at its status page, and there whether it was done"
    return "it does not take the request: compare deployments.yaml with what it says"


def _retry_after(answer: Response) -> float | None:
    """Return how long to wait before the one retry; None: do not."""
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    try:
        return max(0.0, float(answer.header("retry-after") or ""))
    except ValueError:  # a date, or nothing: then a person is faster
        return None


def _message(answer: Response) -> str:
    """Return what an answer says: the message of its JSON, where it has one as these services write it."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer.text
    if isinstance(value, dict):
        inner = value.get("error")
        for found in (value.get("message"), inner.get("message") if isinstance(inner, dict) else inner):
            if isinstance(found, str) and found:
                return found
    return answer.text


def _is_json(answer: Response) -> bool:
    try:
        json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return True
