"""Schemathesis as a library: one operation, one phase, one time budget at a time, and our transport to send.

Its own engine runs the phases (`schemathesis.engine.run`), without its plan: no probes, no sign-up of accounts, no
analysis, no cycles until the time is up. What it finds and where it stumbles comes back as events.
"""

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from requests.adapters import BaseAdapter
from schemathesis import BaseSchema, Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import USER_AGENT
from schemathesis.core.transport import Response as Answer
from schemathesis.engine import events, run
from schemathesis.engine.context import EngineContext
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.run import Phase, PhaseName
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport
from urllib3 import HTTPHeaderDict, HTTPResponse

from postflight.contract.tracker import Tracker
from postflight.contract.transport import Raw, SafeClient
from postflight.errors import DeploymentFault
from postflight.flow import Response

REQUEST_DEADLINE = 10.0  # seconds
_NO_REFUSAL = ["2xx", "3xx", "401", "403", "404", "409", "413", "429", "5xx"]  # of the data itself
_CSP_REPORT = "application/csp-report"
_NO_ESCAPE = "\x00\x0b\x0c\r\n"  # what no header can hold: h11 refuses it, and nothing is learned of the deployment


@dataclass(slots=True)
class Gathered:
    """What a phase came back with."""

    recorders: list[ScenarioRecorder] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)  # where the tool, or a request, stumbled


class NoAnswer(DeploymentFault):
    """A request that got no answer, with the request: it is sent again before anybody is blamed."""

    def __init__(self, error: DeploymentFault, raw: Raw) -> None:
        facts = error.facts
        super().__init__(str(error), expected=facts.expected, seen=facts.seen, where=facts.where, curl=facts.curl)
        self.raw = raw


class _Adapter(BaseAdapter):
    """Lets `requests` send through our client, whatever options it was given."""

    def __init__(self, client: SafeClient, tracker: Tracker, after: Callable[[], None]) -> None:
        super().__init__()
        self._client = client
        self._tracker = tracker
        self._after = after

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send; raises what `SafeClient.send_raw` raises."""
        raw = raw_of(request)
        try:
            answer = self._client.send_raw(raw)
        except DeploymentFault as error:
            raise NoAnswer(error, raw) from error
        self._tracker.note(raw.method, raw.url, answer)
        self._after()
        return _as_requests(answer, request)

    def close(self) -> None:
        """Nothing is open: the client is not ours."""


class _Transport(RequestsTransport):
    """Schemathesis' own way to serialise, and no way to send but ours. Also for requests that its checks make."""

    def __init__(self, adapter: BaseAdapter, before: Callable[[Case[Any]], None]) -> None:
        super().__init__()
        self._before = before
        self._serializers = REQUESTS_TRANSPORT._serializers  # noqa: SLF001 - where media types are registered
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def send(self, case: Case[Any], **options: Any) -> Answer:
        """Send a case through our session, whatever session was meant."""
        options.pop("session", None)
        self._before(case)
        self._session.cookies.clear()
        return super().send(case, session=self._session, **options)


class Bound(OpenApiSchema):
    """A schema that sends through `bound`, also after it was filtered."""

    bound: RequestsTransport | None = None

    @property
    def transport(self) -> Any:
        """The transport of every case of this schema."""
        if self.bound is None:
            raise RuntimeError("a schema was not bound to a transport: nothing may be sent")
        return self.bound

    def clone(self, **options: Any) -> "Bound":
        """Return a copy that sends the same way."""
        cloned = super().clone(**options)
        cloned.bound = self.bound
        return cloned


schemathesis.serializer.alias(_CSP_REPORT, "application/json")  # what browsers report in, and it does not know


def configuration(
    *, base_url: str, seed: int, fuzz: bool, max_examples: int, steps: int, schemes: Mapping[str, Mapping[str, str]]
) -> SchemathesisConfig:
    """Return Schemathesis' configuration. `schemes` are the credentials by name of the document's security scheme.

    Credentials are configured, not given as headers: those would come back into the very cases that left them out.
    """
    checks: dict[str, Any] = {
        "object_level_authorization": {"enabled": False},  # two accounts: the invariants
        "negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]},  # whichever refusal: 413 is one, too
        "positive_data_acceptance": {"expected-statuses": _NO_REFUSAL},
    }
    if not fuzz:
        off = ("ignored_auth", "negative_data_rejection", "missing_required_header", "unsupported_method")
        checks |= {name: {"enabled": False} for name in off}  # each sends what is wrong on purpose
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "suppress-health-check": ["all"],
            "base-url": base_url,
            "workers": 1,
            "continue-on-failure": True,
            "request-timeout": REQUEST_DEADLINE,
            "max-redirects": 0,
            "warnings": False,
            "auth": {
                "auto-signup": False,
                **({"openapi": {k: dict(v) for k, v in schemes.items()}} if schemes else {}),
            },
            "checks": checks,
            "generation": {
                "mode": "all" if fuzz else "positive",
                "max-examples": max_examples,
                "no-shrink": True,
                "database": "none",
                "allow-x00": False,  # where a document allows any text it seldom means NUL; one that forbids it is held
                "exclude-header-characters": _NO_ESCAPE,
                "with-security-parameters": False,
            },
            "phases": {
                "coverage": {"unexpected-methods": _unexpected(fuzz=fuzz)},
                "stateful": {"max-steps": steps},
            },
        }
    )


def _unexpected(*, fuzz: bool) -> list[str]:
    return ["DELETE", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"] if fuzz else []


def bind(
    document: dict[str, Any],
    config: SchemathesisConfig,
    client: SafeClient,
    tracker: Tracker,
    *,
    before: Callable[[Case[Any]], None],
    after: Callable[[], None],
) -> Bound:
    """Return the schema of a document. `before` sees each case before it is sent; `after` runs after each answer."""
    schema = Bound(raw_schema=document, config=config.projects.get(document))
    schema.bound = _Transport(_Adapter(client, tracker, after), before)
    return schema


def run_phase(schema: BaseSchema, phase: PhaseName, *, seconds: float) -> Gathered:
    """Run one phase over the schema's operations, for `seconds` at most, and one request beyond."""
    context = EngineContext(schema=schema, stop_event=threading.Event())
    context.control.max_time = seconds  # type: ignore[assignment]  # a whole number only where the command line gives it
    if phase is PhaseName.STATEFUL_TESTING:
        context.apply_stateful_inference()
    gathered = Gathered()
    for event in run.execute(context, Phase(phase)):
        if isinstance(event, events.ScenarioFinished):
            gathered.recorders.append(event.recorder)
        elif isinstance(event, events.NonFatalError):
            gathered.errors.append(event.value)
    return gathered


def raw_of(request: requests.PreparedRequest) -> Raw:
    """Return what `requests` has prepared, as our client sends it."""
    body: Any = request.body or b""  # typed more loosely than Schemathesis makes it: a text, or bytes
    content = body.encode() if isinstance(body, str) else bytes(body)
    told = ((_text(name), _text(value)) for name, value in request.headers.items())
    headers = tuple((name, value) for name, value in told if not _is_of_the_tool(name, value))
    return Raw(str(request.method), str(request.url), headers, content, REQUEST_DEADLINE)


def _is_of_the_tool(name: str, value: str) -> bool:
    """Whether a header is nobody's wish: our client says who asks, and which encodings it can undo."""
    return name.lower() in ("accept-encoding", "connection") or (name.lower() == "user-agent" and value == USER_AGENT)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _as_requests(answer: Response, request: requests.PreparedRequest) -> requests.Response:
    headers = HTTPHeaderDict()
    for name, value in answer.headers:
        if name.lower() != "content-encoding":  # the body is no longer encoded
            headers.add(name, value)
    raw = HTTPResponse(
        body=io.BytesIO(answer.body),
        headers=headers,
        status=answer.status,
        version=11,
        preload_content=False,
        enforce_content_length=False,  # it is that of the encoded body
    )
    response = requests.Response()
    response.status_code = answer.status
    response.headers = requests.structures.CaseInsensitiveDict(headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = raw
    response.url = answer.url
    response.request = request
    response.reason = ""
    return response
