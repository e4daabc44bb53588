"""The connections of the signals: one asynchronous client, and a deadline and a bound for each exchange."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from postflight import __version__
from postflight.errors import ConfigError
from postflight.flow import Response
from postflight.probes import body
from postflight.probes.curl import curl_line
from postflight.probes.exchange import exchange
from postflight.probes.network import LOOPBACK
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
    trust = httpx.create_ssl_context()
    if ca_file is not None:
        try:
            trust.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file {ca_file} holds no usable certificate: {error}") from error
    async with httpx.AsyncClient(
        verify=trust,
        timeout=None,  # noqa: S113 - `exchange` has one deadline for all of it, which httpx has not
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=0),
        mounts={f"all://{host}": None for host in LOOPBACK},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={
            "User-Agent": f"Postflight/{__version__} (+synthetic; run {run_id})",
            "X-Postflight-Run": run_id,
            "Accept-Encoding": body.ACCEPT_ENCODING,
        },
    ) as client:
        yield Http(client, redactor)
