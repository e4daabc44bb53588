"""Asks a deployment for operations by their names in the document."""

from collections.abc import Mapping
from dataclasses import dataclass

from postflight.checks.invariants.exchange import Exchange
from postflight.checks.invariants.promises import Promises
from postflight.flow import JSON, Flow, Pause, Request
from postflight.probes.client import Client

WEB = "web"


def pause(seconds: float) -> Flow[None]:
    """Wait."""
    yield Pause(seconds)


Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token, or without, who calls operations."""

    api: Client
    promises: Promises
    token: str | None = None

    def __call__(
        self,
        operation: str,
        body: JSON = None,
        *,
        query: Query | None = None,
        method: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        **keys: str,
    ) -> Exchange:
        """Call an operation. `keys` fill its path; `method` is another one than the document's, HEAD for example."""
        promise = self.promises[operation]
        address = promise.address(keys, query)
        return self.send(
            Request(method or promise.method, WEB, address, body, headers or {}, self.token, content=content), operation
        )

    def send(self, request: Request, operation: str = "") -> Exchange:
        """Send any request."""
        return Exchange(operation, request, self.api.send(request))
