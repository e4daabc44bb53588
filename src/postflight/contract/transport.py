"""The only way out for the contract stage: it refuses what the rules do not allow, and counts what it sent.

Schemathesis, the flows that prepare and remove objects, the invariants: all of them send through `SafeClient`, and so
through `SafeTransport`. Options of a tool are wishes; what is not passed on here does not leave.
"""

import time
from dataclasses import dataclass

import anyio
import httpx

from postflight.contract.ledger import Ledger
from postflight.contract.rules import Rules
from postflight.errors import NotAllowed
from postflight.flow import Response
from postflight.model import Deployment
from postflight.probes.addresses import origin, urls
from postflight.probes.client import KEEP_ALIVE, Client
from postflight.probes.curl import curl_line
from postflight.probes.exchange import exchange
from postflight.probes.transport import open_transport
from postflight.redact import Redactor


class SafeTransport(httpx.AsyncBaseTransport):
    """Passes on what the rules allow, at the rate that they allow. Raises `NotAllowed` for everything else."""

    def __init__(self, wrapped: httpx.AsyncBaseTransport, rules: Rules, ledger: Ledger) -> None:
        self._wrapped = wrapped
        self._rules = rules
        self._ledger = ledger
        self._next = 0.0  # monotonic seconds: when the next request may leave

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or refuse to."""
        path, length = request.url.path, request.headers.get("content-length", "0")
        body = length != "0" or "transfer-encoding" in request.headers
        reason = self._rules.refusal(request.method, origin(request.url), path, body=body, sent=self._ledger.total)
        if reason:
            self._ledger.refuse(request.method, reason)
            raise NotAllowed(
                f"{request.method} {request.url.host}{path} was not sent: {reason}",
                expected="what deployments.yaml allows here",
                where=str(request.url.copy_with(query=None, userinfo=b"")),
            )
        self._ledger.sent[request.method] += 1
        if any(one.fits(request.method, path) for one in self._rules.safe):
            self._ledger.marked[request.method] += 1
        await self._take_turn()
        return await self._wrapped.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wrapped.aclose()

    async def _take_turn(self) -> None:
        if not self._rules.per_second:
            return
        now = time.monotonic()
        turn = max(now, self._next)
        self._next = turn + 1 / self._rules.per_second
        await anyio.sleep(turn - now)


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as it goes over the wire: what a generator made, not what a flow asks for."""

    method: str
    url: str  # absolute, already encoded
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    deadline: float = 10.0  # seconds for the whole exchange


class SafeClient(Client):
    """The client of the contract stage. Flows run as with any client; `send_raw` is for what generators make."""

    def __init__(self, deployment: Deployment, run_id: str, redactor: Redactor, rules: Rules) -> None:
        super().__init__(deployment, run_id, redactor)
        self.rules = rules
        self.ledger = Ledger()

    def send_raw(self, raw: Raw) -> Response:
        """Send a request exactly as it is; redirects are answers. Raises as `send` does, and `NotAllowed`."""
        http = self.http
        target = httpx.URL(raw.url).raw_path if "#" not in raw.url else None
        # httpx would remove dot segments: a path that climbs is to arrive as it was written
        path = "/" + raw.url.split("://", 1)[-1].partition("/")[2].partition("#")[0]
        built = http.build_request(
            raw.method,
            raw.url,
            headers=[(name.encode("latin-1"), value.strip(" \t").encode("latin-1")) for name, value in raw.headers],
            content=raw.body or None,
        )
        if target != path.encode() and path.isascii():
            built.extensions = {**built.extensions, "target": path.encode()}
        curl = self.curl(raw)

        async def send() -> Response:
            return await exchange(
                http,
                built,
                deadline=raw.deadline,
                follow_redirects=False,
                body_limit=self.body_limit,
                curl=curl,
                redactor=self.redactor,
            )

        return self.call(send, deadline=raw.deadline + 1)

    def curl(self, raw: Raw) -> str:
        """Return the line with which a person repeats this request, free of secrets."""
        return curl_line(
            raw.method,
            raw.url,
            [pair for pair in raw.headers if pair[0].lower() not in _OWN],
            None,
            content=raw.body,
            deadline=raw.deadline,
            follow_redirects=False,
            redactor=self.redactor,
        )

    def _build(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=20, keepalive_expiry=KEEP_ALIVE)
        return open_transport(
            run_id=self.run_id,
            ca_file=self.deployment.ca_file,
            limits=limits,
            http2=False,  # a request target is sent as it is written
            wrap=lambda wrapped: SafeTransport(wrapped, self.rules, self.ledger),
            targets=tuple(urls(self.deployment)),
        )


_OWN = frozenset({"content-length", "user-agent", "accept-encoding", "connection", "host"})  # curl has its own
