"""What the probes ask: every service of a deployment, in every region, and the previous deployment alongside."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from postflight.model import Deployment

_HTTP = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address. A health document must say 2xx; of anything else a status below 500 will do."""

    name: str
    url: str
    health: bool


def endpoints_of(deployment: Deployment) -> tuple[Endpoint, ...]:
    """Return the landing page, and each service's health in each region; what shares an address is asked once.

    A service without a health document is asked for its address itself. A WebSocket service is asked over HTTP: any
    answer below 500, also "upgrade required", says that somebody listens.
    """
    found = [Endpoint("page", deployment.base_url, health=False)]
    for service in deployment.services.values():
        addresses = {service.name: service.url} if not service.regions else {}
        addresses |= {f"{service.name}-{region}": url for region, url in service.regions.items()}
        for name, url in addresses.items():
            if service.health is not None:
                found.append(Endpoint(name, _join(url, service.health), health=True))
            elif service.name != "web":
                found.append(Endpoint(name, _over_http(url), health=False))
    return tuple({endpoint.url: endpoint for endpoint in reversed(found)}.values())[::-1]


def control_endpoints_of(deployment: Deployment, url: str) -> tuple[Endpoint, ...]:
    """Return the previous deployment's landing page and health: the same questions, at another address."""
    web = deployment.services.get("web")
    page = Endpoint("page", url, health=False)
    return (page, Endpoint("web", _join(url, web.health), health=True)) if web and web.health else (page,)


def _join(url: str, path: str) -> str:
    return _over_http(url).rstrip("/") + (path if path.startswith("/") else f"/{path}")


def _over_http(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(scheme=_HTTP.get(parts.scheme, parts.scheme)))
