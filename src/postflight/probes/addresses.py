"""Where a request goes: names of services to URLs, and what may not be sent elsewhere."""

import re
from collections.abc import Iterator

import httpx

from postflight.errors import ConfigError, NotAllowed, UnexpectedAnswer
from postflight.flow import Request
from postflight.model import Deployment

_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_CREDENTIALS = frozenset({"authorization", "cookie", "apikey", "x-api-key"})


def locate(deployment: Deployment, request: Request) -> str:
    """Return the URL of a request.

    A service's path is joined to its URL, or to that of its region. The service `web` is the base URL where
    `deployments.yaml` names no other, and a WebSocket service (`wss://`) is asked over HTTP. An absolute address
    (`https://...`) may lead out of the deployment only because previews live on hosts of their own, whose names the
    deployment tells: such a request carries no credentials.

    Raises `ConfigError` for an unknown service or region, `NotAllowed` for credentials that would leave the
    deployment, `UnexpectedAnswer` for an address that is no address.
    """
    if not _ABSOLUTE.match(request.path):
        base = _over_http(_service_url(deployment, request).rstrip("/"))
        # the slash keeps a path out of the host's name: `https://host` + `@elsewhere.example`
        return base + (request.path if request.path.startswith(("/", "?")) or not request.path else f"/{request.path}")
    try:
        url = httpx.URL(request.path)
    except httpx.InvalidURL as error:
        raise UnexpectedAnswer(
            f"the deployment gave an address that is none: {request.path[:200]!r}",
            expected="an http or https URL",
            seen=f"{request.path[:200]!r}: {error}",
            where=deployment.base_url,
        ) from error
    credentials = request.token or _CREDENTIALS.intersection(name.lower() for name in request.headers)
    if credentials and origin(url) not in _origins(deployment):
        raise NotAllowed(
            f"{request.method} {url.scheme}://{url.host} would carry credentials out of the deployment; "
            "send them to its services only, or add the host to `services` in deployments.yaml",
            where=request.path,
        )
    return request.path


def _over_http(url: str) -> str:
    """Return where a WebSocket service answers HTTP: Supabase Realtime does so at the same place."""
    return f"http{url[2:]}" if url.startswith(("ws://", "wss://")) else url


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port; the scheme's own port is None. Two URLs of one origin may share credentials."""
    return url.scheme, url.host, url.port


def urls(deployment: Deployment) -> Iterator[str]:
    """Yield every URL that belongs to the deployment."""
    yield deployment.base_url
    for service in deployment.services.values():
        yield service.url
        yield from service.regions.values()


def _origins(deployment: Deployment) -> set[tuple[str, str, int | None]]:
    return {origin(httpx.URL(url)) for url in urls(deployment)}


def _service_url(deployment: Deployment, request: Request) -> str:
    service = deployment.services.get(request.service)
    if service is None and request.service == "web" and request.region is None:
        return deployment.base_url
    if service is None:
        known = ", ".join(sorted({"web", *deployment.services}))
        raise ConfigError(
            f"{deployment.platform}/{deployment.environment} has no service {request.service!r} (it has {known}); "
            "add it to `services` in deployments.yaml"
        )
    if request.region is None:
        return service.url
    if request.region not in service.regions:
        known = ", ".join(sorted(service.regions)) or "none"
        raise ConfigError(
            f"service {service.name!r} of {deployment.platform}/{deployment.environment} has no region "
            f"{request.region!r} (it has {known}); add it to the service's `regions` in deployments.yaml"
        )
    return service.regions[request.region]
