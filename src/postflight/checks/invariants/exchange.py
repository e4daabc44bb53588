"""What a law looks at, and what it finds: exchanges that were observed, and violations that name their cause."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from postflight.errors import UnexpectedAnswer
from postflight.flow import JSON, Request, Response, cut
from postflight.model import Weakness

MOST_BODY = 2_000_000  # bytes that are read as JSON
Object = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `operation` is its operationId in the document, empty where it has none."""

    operation: str
    request: Request
    response: Response

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.response.status

    @property
    def name(self) -> str:
        """`GET /api/projects?limit=1`."""
        return f"{self.request.method} {self.request.path}"

    @property
    def json(self) -> JSON:
        """The answer's body as JSON; None where it is none, or too long."""
        if len(self.response.body) > MOST_BODY:
            return None
        try:
            value: JSON = json.loads(self.response.body)
        except (ValueError, RecursionError):
            return None
        return value

    @property
    def object(self) -> Object:
        """The answer's JSON object; empty where it is none."""
        value = self.json
        return value if isinstance(value, dict) else {}

    def asked(self, parameter: str) -> str | None:
        """Return what the request's query says of a parameter."""
        values = parse_qs(urlsplit(self.request.path).query, keep_blank_values=True).get(parameter)
        return values[-1] if values else None

    @property
    def seen(self) -> str:
        """The answer in a line."""
        return f"{self.status}: {cut(self.response.text)}" if self.response.body else f"{self.status}, no body"


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that does not hold. `law` is stable and kebab-case; `cause` is one sentence for a person."""

    law: str
    cause: str
    exchange: Exchange
    expected: str = ""
    seen: str = ""

    def error(self, more: int = 0) -> UnexpectedAnswer:
        """Return the error that a check raises. `more` is how many other violations there are."""
        others = f" (and {more} more in results.sarif)" if more else ""
        return UnexpectedAnswer(
            f"{self.law}: {self.cause}{others}",
            expected=self.expected,
            seen=self.seen or self.exchange.seen,
            where=self.exchange.response.url,
            curl=self.exchange.response.curl,
        )

    def weakness(self) -> Weakness:
        """Return it as a result of `results.sarif`."""
        return Weakness(
            self.law,
            "high",
            self.exchange.name,
            self.seen or self.exchange.seen,
            self.cause,
            where=self.exchange.response.url,
        )
