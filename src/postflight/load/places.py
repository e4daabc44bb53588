"""Where requests go: the origin to connect to and what to ask it for, worked out once for each address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import httpx

from postflight.errors import UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment
from postflight.probes.addresses import locate

_KEPT = 10_000  # addresses
_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What one pool of connections leads to."""

    scheme: str
    host: str  # as it is resolved and named in TLS: IDNA, no brackets
    port: int


@dataclass(frozen=True, slots=True)
class Place:
    """An address, taken apart."""

    url: str
    origin: Origin
    host: bytes  # of the Host header
    target: bytes  # path and query


class Places:
    """The addresses of a deployment's requests. Bounded."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._known: dict[tuple[str, str | None, str], Place] = {}

    def of(self, request: Request) -> Place:
        """Return where a request goes. Raises as `addresses.locate` does."""
        key = (request.service, request.region, request.path)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[key] = place(locate(self._deployment, request))
        elif (request.token is not None or request.headers) and "://" in request.path:
            locate(self._deployment, request)  # what is known may be so without the credentials that this one carries
        return found


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
