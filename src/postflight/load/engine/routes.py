"""Where requests go, worked out once for each address: the origin to connect to, and what to write there."""

from collections.abc import Mapping
from typing import NamedTuple

import httpx

from postflight.errors import UnexpectedAnswer
from postflight.flow import Request
from postflight.load.engine.writer import Writer
from postflight.model import Deployment
from postflight.probes.addresses import locate

_KEPT = 10_000  # routes
_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What one pool of connections leads to."""

    scheme: str
    host: str  # as it is resolved and named in TLS: IDNA, no brackets
    port: int


class Place(NamedTuple):
    """An address, taken apart."""

    url: str
    origin: Origin
    host: bytes  # of the Host header
    target: bytes  # path and query


class Route(NamedTuple):
    """A method and a place, with what is the same for each such request."""

    place: Place
    name: str  # for statistics, where the request has none
    plain: bytes  # the request when it carries nothing of its own


class Routes:
    """The routes of a deployment's requests. Bounded."""

    def __init__(self, deployment: Deployment, writer: Writer) -> None:
        self._deployment, self._writer = deployment, writer
        self._known: dict[tuple[str, str, str | None, str], Route] = {}

    def of(self, request: Request) -> Route:
        """Return where a request goes. Raises as `addresses.locate` and `Writer.write` do."""
        key = (request.method, request.service, request.region, request.path)
        found = self._known.get(key)
        if found is None:
            found = self._find(request)
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = found
        elif (request.token is not None or request.headers) and "://" in request.path:
            locate(self._deployment, request)  # what is known may be so without the credentials that this one carries
        return found

    def _find(self, request: Request) -> Route:
        found = place(locate(self._deployment, request))
        plain = self._writer.write(request.method, found.target, found.host, {})
        return Route(found, f"{request.method} {request.path}", plain)


def place(url: str | httpx.URL) -> Place:
    """Take an absolute address apart. Raises `UnexpectedAnswer` for one that is not HTTP."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UnexpectedAnswer(f"{str(url)[:200]!r} is no address: {error}", expected="an http or https URL") from error
    if parsed.scheme not in _PORTS or not parsed.host:
        raise UnexpectedAnswer(f"{str(url)[:200]!r} is not an address of HTTP", expected="an http or https URL")
    origin = Origin(parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port or _PORTS[parsed.scheme])
    return Place(str(parsed), origin, parsed.netloc, parsed.raw_path)
