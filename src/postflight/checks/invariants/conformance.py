"""Whether an answer is one that the document promises: its status, type, headers, and each field of its body."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import jsonschema_rs

from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.checks.invariants.promises import Promises
from postflight.checks.invariants.refusals import shape
from postflight.checks.openapi.document import Node
from postflight.flow import JSON

_MOST_TOLD = 5  # faults of one body
_LAWS = {
    "Required": "field-missing",
    "AdditionalProperties": "field-undocumented",
    "Enum": "outside-enum",
    "Constant": "outside-enum",
    "Format": "format-wrong",
    "Type": "type-wrong",
}


_NAMING = ("Required", "AdditionalProperties")  # whose messages name fields only


@dataclass(slots=True)
class Conformance:
    """Holds answers against a document. Validators are built once for each schema."""

    promises: Promises
    _validators: dict[str, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    def success(self, exchange: Exchange) -> Iterator[Violation]:
        """Yield a violation for a call that must work, and does not."""
        if exchange.status >= 400:
            law = (
                "crash" if exchange.status >= 500 else "operation-gone" if exchange.status == 404 else "operation-fails"
            )
            gone = ": its route is gone, or it does not find what is there" if exchange.status == 404 else ""
            cause = f"{exchange.operation} of what is there answers {exchange.status}{gone}"
            yield Violation(law, cause, exchange, "success")

    def violations(self, exchange: Exchange) -> Iterator[Violation]:
        """Yield what the document does not promise; at most five for one body."""
        answers = self.promises[exchange.operation].answers()
        status = str(exchange.status)
        promised = answers.get(status) or answers.get(f"{status[0]}XX") or answers.get("default")
        if promised is None:
            law = "crash" if exchange.status >= 500 else "status-undocumented"
            cause = f"{exchange.operation} answers {status}, which the document does not know"
            yield Violation(law, cause, exchange, " or ".join(sorted(answers)))
            return
        yield from _headers(exchange, promised)
        content = promised.fields("content")
        if not content:
            if exchange.response.body:
                cause = f"{exchange.operation} answers {status} with a body, and the document knows none"
                yield Violation("body-undocumented", cause, exchange, "no body")
            return
        kind = (exchange.response.header("content-type") or "").partition(";")[0].strip().lower()
        if kind not in content:
            cause = f"{exchange.operation} answers {kind or 'no type'}, and the document says {' or '.join(content)}"
            yield Violation("content-type", cause, exchange, " or ".join(content), kind)
        elif "json" in kind and exchange.request.method != "HEAD":
            yield from self._body(exchange, content[kind].get("schema"))

    def _body(self, exchange: Exchange, schema: Node | None) -> Iterator[Violation]:
        if schema is None:
            return
        value = exchange.json
        for number, error in enumerate(self._validator(schema).iter_errors(value)):
            if number == _MOST_TOLD:
                return
            kind = type(error.kind).__name__
            law = _LAWS.get(kind, "body-undocumented")
            if law == "type-wrong" and error.instance is None:
                law = "null-undocumented"
            place = ".".join(str(part) for part in error.instance_path) or "the body"
            # what is in an object may be somebody's secret: its fields are told, and not their values
            whole = isinstance(error.instance, dict | list)
            told = error.message[:200] if not whole or kind in _NAMING else f"breaks {kind} of its schema"
            seen = shape(cast("JSON", error.instance))[:200] if whole else repr(error.instance)[:200]
            cause = f"{exchange.operation}: {place}: {told}"
            yield Violation(law, cause, exchange, "what the document promises", seen)

    def _validator(self, schema: Node) -> jsonschema_rs.Draft202012Validator:
        if schema.pointer not in self._validators:
            root = self.promises.document.top.mapping()
            own: Any = {**schema.mapping(), "components": root.get("components", {})}
            self._validators[schema.pointer] = jsonschema_rs.Draft202012Validator(
                json.dumps(own), validate_formats=True
            )
        return self._validators[schema.pointer]


def _headers(exchange: Exchange, promised: Node) -> Iterator[Violation]:
    for name, node in promised.fields("headers").items():
        if node.resolved().flag("required") and exchange.response.header(name) is None:
            cause = f"{exchange.operation} answers {exchange.status} without {name}, which the document promises"
            yield Violation("header-missing", cause, exchange, name, "no such header")
