"""Calls of an earlier release's clients: recorded as what was asked and the shape of what came, and asked again later.

A recording holds no secret and no value of an answer: `{token}`, `{email}` or `{project}` stand for what is filled in,
and an answer is kept as its status and the types of its fields. What clients ignore may change: fields may be added.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.flow import JSON, Flow, Request, Response

_PLACE = re.compile(r"\{(\w+)\}")
_WEB = "web"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client. `keep` says which fields of the answer fill in later calls: name -> field."""

    operation: str
    method: str
    path: str
    body: JSON = None
    keep: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = True
    status: int = 0  # of the answer, when it was recorded
    shape: JSON = None  # the types of its fields, when it was recorded

    def request(self, values: Mapping[str, str]) -> Request:
        """Return the request with these values in their places. Raises `KeyError` for one that is not there."""
        token = values["token"] if self.signed_in else None
        return Request(self.method, _WEB, _filled_text(self.path, values), _filled(self.body, values), token=token)

    def recorded(self, response: Response) -> "Call":
        """Return it with the status and the shape of its answer."""
        body = Exchange(self.operation, self.request_shown, response).json
        return replace(self, status=response.status, shape=None if body is None else shape_of(body))

    @property
    def request_shown(self) -> Request:
        """The request as it is written down, with its places empty."""
        return Request(self.method, _WEB, self.path, self.body)


def play(calls: Sequence[Call], values: Mapping[str, str]) -> Flow[list[Exchange]]:
    """Make the calls in order, each with what others gave before. Raises `UnexpectedAnswer` when one gave nothing."""
    known, exchanges = dict(values), []
    for call in calls:
        request = call.request(known)
        response = yield request
        exchanges.append(Exchange(call.operation, request, response))
        if response.status < 400:
            for name, kept in call.keep.items():
                known[name] = response.json_object().text(kept)
        elif call.keep:
            raise Violation(
                "old-call-fails",
                f"{_told(call)} answers {response.status}: calls after it cannot be made",
                exchanges[-1],
            ).error()
    return exchanges


def still_work(calls: Sequence[Call], exchanges: Sequence[Exchange]) -> Iterator[Violation]:
    """Demand that each call is answered as it was: the same status, and no field gone or of another type."""
    for call, exchange in zip(calls, exchanges, strict=True):
        if exchange.status != call.status:
            cause = f"{_told(call)} answered {call.status}, and answers {exchange.status} now: old clients break"
            yield Violation("old-call-fails", cause, exchange, f"{call.status}")
        elif call.shape is not None and (lost := _lost(call.shape, exchange.json, "the answer")):
            cause = f"{_told(call)} has another answer than it had: {lost}: old clients break"
            yield Violation("old-answer-changed", cause, exchange, "the fields that it had")


def shape_of(value: JSON) -> JSON:
    """Return the types of a value and of what is in it; of a list that of its first element."""
    match value:
        case Mapping():
            return {name: shape_of(one) for name, one in value.items()}
        case list():
            return [shape_of(value[0])] if value else []
        case bool():
            return "truth value"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "null"


def _lost(shape: JSON, value: JSON, where: str) -> str:
    """Say what of a shape a value has not; nothing where it has all."""
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            return f"{where} is no object any more"
        for name, inner in shape.items():
            if name not in value:
                return f"{name!r} of {where} is gone"
            if lost := _lost(inner, value[name], repr(name)):
                return lost
        return ""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where} is no list any more"
        return _lost(shape[0], value[0], f"the first of {where}") if shape and value else ""
    now = shape_of(value)
    return (
        "" if now == shape else f"{where} was {shape}, and is {now if isinstance(now, str) else 'something else'} now"
    )


def _told(call: Call) -> str:
    return f"{call.method} {call.path}"


def _filled(body: JSON, values: Mapping[str, str]) -> JSON:
    match body:
        case str():
            return _filled_text(body, values)
        case Mapping():
            return {name: _filled(one, values) for name, one in body.items()}
        case list():
            return [_filled(one, values) for one in body]
        case _:
            return body


def _filled_text(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values[found[1]], text)
