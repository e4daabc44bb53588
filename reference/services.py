"""What every part of the platform shares: where the parts are, and what they work with."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from reference.auth import Tokens
from reference.database import Database
from reference.settings import Settings
from reference.tls import Certificates


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base URLs, without a slash at the end. `orchestrator` is the first region's."""

    web: str
    regions: dict[str, str]
    realtime: str

    @property
    def orchestrator(self) -> str:
        """Where the web service asks for previews."""
        return next(iter(self.regions.values()))


@dataclass(frozen=True, slots=True)
class Services:
    """Made once at start. `api_token` opens the orchestrator; `anon_key` realtime, and pages carry it."""

    settings: Settings
    addresses: Addresses
    database: Database
    tokens: Tokens
    api_token: str
    anon_key: str
    certificates: Certificates | None


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the app that handles this request."""
    services = connection.app.state.services
    assert isinstance(services, Services)
    return services
