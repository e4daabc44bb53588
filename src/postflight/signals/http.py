"""The connections of the signals: one asynchronous client, and a deadline and a bound for each exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from postflight.flow import Response
from postflight.probes import body
from postflight.probes.curl import curl_line
from postflight.probes.exchange import exchange
from postflight.probes.transport import open_transport
from postflight.redact import Redactor


class Http:
    """Sends GET requests. Share it in one event loop."""

    def __init__(self, client: httpx.AsyncClient, redactor: Redactor) -> None:
        self._client = client
        self._redactor = redactor

    async def get(self, url: str, *, deadline: float, body_limit: int = body.LIMIT) -> Response:
        """Return the answer, whatever its status. Raises `DeploymentFault` or `CannotMeasure`, as `exchange` does."""
        return await exchange(
            self._client,
            self._client.build_request("GET", url),
            deadline=deadline,
            follow_redirects=False,
            body_limit=body_limit,
            curl=curl_line("GET", url, [], None, deadline=deadline, follow_redirects=False, redactor=self._redactor),
            redactor=self._redactor,
        )


@asynccontextmanager
async def open_http(*, run_id: str, ca_file: str | None, redactor: Redactor, connections: int) -> AsyncIterator[Http]:
    """Open a client of at most `connections` at once. Raises `ConfigError` for a certificate file that is none.

    No connection is kept: each probe is what a new visitor gets, name, load balancer, handshake and all. Certificates
    are verified, proxies respected but for loopback, no cookie kept: as `probes.client` does it.
    """
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=0)
    async with open_transport(run_id=run_id, ca_file=ca_file, limits=limits, http2=False) as client:
        yield Http(client, redactor)
