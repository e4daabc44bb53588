"""From Schemathesis' failures to faults of the deployment: one for each cause, with all that a person needs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from schemathesis import Case
from schemathesis.core.failures import Failure, ServerError
from schemathesis.engine.recorder import Interaction, ScenarioRecorder
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    JsonSchemaError,
    MissingHeaders,
    RejectedPositiveData,
    UndefinedContentType,
    UndefinedStatusCode,
    UnsupportedMethodResponse,
)

from postflight.contract.transport import Raw, SafeClient
from postflight.errors import DeploymentFault, UnexpectedAnswer
from postflight.flow import cut
from postflight.model import Weakness

_GRAVE = ("server-error", "ignored-auth", "use-after-free", "not-there", "no-answer")
_ABOUT_NAMES = ("required", "additionalProperties", "dependentRequired")  # keywords whose message names the property
_FORBIDDEN = "is not allowed"  # of a property that must not be there at all
_SERVER_ERROR = 500
_TOO_MANY = 429
_HEAD = 70  # characters of a body that say what it is about
_MOST_SHOWN = 600  # characters of Schemathesis' words


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, with the smallest case that showed it."""

    cause: str  # equal for equal causes, also in other operations
    rule: str  # kebab-case: `server-error`
    operation: str
    summary: str
    expected: str
    seen: str
    where: str
    curl: str
    check: str = ""  # the name of Schemathesis' check
    case: Case[Any] | None = None  # to send it again
    raw: Raw | None = None  # likewise, where no case was answered

    def error(self, others: Iterable["Fault"] = ()) -> DeploymentFault:
        """Return the error that tells of this fault, and counts the others."""
        others = tuple(others)
        told = [one for one in dict.fromkeys(other.summary for other in others) if one != self.summary]
        more = f" (and {len(told)} more: {'; '.join(told)})"[:_MOST_SHOWN] if told else ""
        error = UnexpectedAnswer(
            f"{self.summary}{more}", expected=self.expected, seen=self.seen, where=self.where, curl=self.curl
        )
        error.causes = (self.cause, *(other.cause for other in others))
        return error

    def weakness(self) -> Weakness:
        """Return the fault as `results.sarif` tells of it."""
        return Weakness(
            rule=f"contract-{self.rule}",
            severity="high" if self.rule in _GRAVE else "medium",
            subject=self.operation,
            value=self.seen[:_MOST_SHOWN],
            message=self.summary,
            remedy=f"expected {self.expected}",
            where=self.where,
        )


def faults_in(recorders: Iterable[ScenarioRecorder], client: SafeClient) -> tuple[Fault, ...]:
    """Return what the checks found, one fault for each cause, each with its smallest case."""
    smallest: dict[str, tuple[int, Fault]] = {}
    for recorder in recorders:
        for size, fault in _faults(recorder, client):
            known = smallest.get(fault.cause)
            if known is None or size < known[0]:
                smallest[fault.cause] = (size, fault)
    return tuple(fault for _, fault in smallest.values())


def _faults(recorder: ScenarioRecorder, client: SafeClient) -> Iterator[tuple[int, Fault]]:
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            if node.failure_info is None:
                continue
            failure = node.failure_info.failure
            if isinstance(failure, UndefinedStatusCode) and failure.status_code >= _SERVER_ERROR:
                continue  # a server error is told as such
            if isinstance(failure, JsonSchemaError) and failure.instance is None and _FORBIDDEN in failure.message:
                continue  # null, where only another alternative is `writeOnly`: Schemathesis forbids all of them
            failed = failure.case_id or case_id
            interaction = recorder.interactions.get(failed) or recorder.interactions.get(case_id)
            if interaction is None or is_throttled(interaction):
                continue  # nobody has answered the call itself
            case = recorder.cases[case_id].value
            yield (
                len(interaction.request.body or b"") + len(interaction.request.uri),
                fault_of(failure, node.name, case, interaction, client),
            )


def is_throttled(interaction: Interaction) -> bool:
    """Whether a call was turned away since we send too many: that tells of our pace, and not of the operation."""
    return interaction.response is not None and interaction.response.status_code == _TOO_MANY


def fault_of(failure: Failure, check: str, case: Case[Any], interaction: Interaction, client: SafeClient) -> Fault:
    """Return the fault that a failure tells of."""
    request, response = interaction.request, interaction.response
    headers = tuple((name, values[0]) for name, values in request.headers.items())
    raw = Raw(request.method, request.uri, headers, request.body or b"")
    label = failure.operation or case.operation.label
    words = _in_one_line(failure.message)
    seen = f"status {response.status_code}: {cut(response.text_lossy())!r}" if response else "no answer"
    status = f" ({response.status_code})" if response and not isinstance(failure, ServerError) else ""
    what = f"status {failure.status_code}" if isinstance(failure, ServerError) else _short(failure.message)
    return Fault(
        cause=_cause(failure, label, response.text_lossy() if response else ""),
        rule=re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(failure).__name__).lower(),
        operation=label,
        summary=f"{label}: {failure.title}{status}: {what}"[:_MOST_SHOWN],
        expected=_EXPECTED.get(check, "what the document promises"),
        seen=f"{words[:_MOST_SHOWN]} · {seen}" if words else seen,
        where=request.uri.partition("?")[0],
        curl=client.curl(raw),
        check=check,
        case=case,
    )


def no_answer(operation: str, error: DeploymentFault, raw: Raw | None = None) -> Fault:
    """Return the fault that a request without an answer is."""
    facts = error.facts
    return Fault(
        cause=f"no-answer|{operation}|{facts.seen}",
        rule="no-answer",
        operation=operation,
        summary=f"{operation}: {error}",
        expected=facts.expected,
        seen=facts.seen,
        where=facts.where,
        curl=facts.curl,
        raw=raw,
    )


def not_there(operation: str, statuses: str, where: str, curl: str) -> Fault:
    """Return the fault of an operation that does not know what the run has just created."""
    summary = f"{operation}: documented, but never found what the run had created (answers: {statuses})"
    return Fault(f"not-there|{operation}", "not-there", operation, summary, "a 2xx", statuses, where, curl)


def _cause(failure: Failure, label: str, body: str) -> str:
    kind = type(failure).__name__
    match failure:
        case JsonSchemaError():
            # a field that is wrong is one cause, in whatever answers the object is
            names = [str(name) for name in failure.instance_path if isinstance(name, str)]
            keyword = str(failure.schema_path[-1]) if failure.schema_path else ""
            what = _first_line(failure.message) if keyword in _ABOUT_NAMES else ""
            return f"{kind}|{names[-1] if names else ''}|{keyword}|{what}"
        case MissingHeaders() | UndefinedContentType():
            return f"{kind}|{failure.message}"
        case ServerError():
            return f"{kind}|{label}|{failure.status_code}|{_head(body)}"
        case AllowHeaderMismatch():  # an answer of the path, whatever the operation
            return f"{kind}|{label.partition(' ')[2]}"
        case UnsupportedMethodResponse():  # how undocumented methods are answered is seldom decided for each path
            return f"{kind}|{_first_line(failure.message).partition(' ')[2]}"
        case UndefinedStatusCode() | RejectedPositiveData():
            # what stands before all operations (a check of a header) refuses each of them in the same words
            return f"{kind}|{failure.status_code}|{_head(body) or label}"
        case _:
            return f"{kind}|{label}"


def _short(message: str) -> str:
    """Return what is wrong in one sentence: Schemathesis says it first, and what it changed in a request last."""
    blocks = [_in_one_line(block) for block in message.strip().split("\n\n") if block.strip()]
    last = blocks[-1] if blocks and blocks[-1].startswith("Invalid component") else ""
    missing = blocks[1] if len(blocks) > 1 and blocks[1].startswith("- ") else ""
    return " ".join(filter(None, [*blocks[:1], missing, last]))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _head(body: str) -> str:
    """Return the beginning of an answer without what differs from call to call: ids and numbers."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", body)[:_HEAD]


def _in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


_EXPECTED = {
    "not_a_server_error": "no server error, whatever is sent",
    "status_code_conformance": "a status that the document lists",
    "content_type_conformance": "a media type that the document lists",
    "response_headers_conformance": "the headers that the document promises",
    "response_schema_conformance": "a body that fits the document's schema",
    "negative_data_rejection": "a refusal: the request breaks the document's schema",
    "positive_data_acceptance": "no refusal: the request keeps the document's schema",
    "missing_required_header": "a refusal: a required header is missing",
    "unsupported_method": "405 with an Allow header: the document has no such method",
    "allow_header_conformance": "an Allow header that lists the document's methods",
    "ignored_auth": "401 or 403 to a request without valid credentials",
    "use_after_free": "404 or 410 for what was deleted",
    "ensure_resource_availability": "what was created is there",
}
