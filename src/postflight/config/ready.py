"""The line in which the started reference platform says where it is. Its fields are read strictly, others ignored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from postflight.config.document import ServiceAddress, WebAddress
from postflight.config.secrets import check_length
from postflight.errors import CannotMeasure
from postflight.model import Account, Deployment, Quantity, Secret, Service, Unit

PLAIN_HTTP = "plain_http"  # the service whose every answer is a redirect to HTTPS


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class ReadyAccount(_Fields):
    """A synthetic account of the started platform."""

    email: str
    password: str


class ReadyControl(_Fields):
    """The control plane of a platform that was started with a next release, in Vercel's format."""

    url: WebAddress
    token: str
    project: str
    team: str


class ReadyRelease(_Fields):
    """One of its releases, and the address at which it answers whether it is live or not."""

    id: str
    version: str
    url: WebAddress


class Ready(_Fields):
    """What `python -m reference` prints as JSON once it is ready."""

    version: Literal[1]
    web: WebAddress
    orchestrator: WebAddress
    regions: Mapping[str, WebAddress]
    realtime: ServiceAddress
    database: str
    anon_key: str
    api_token: str
    accounts: Mapping[str, ReadyAccount]
    ca_file: str | None
    pool: int
    tier: str
    jwt_key: str | None = None
    plain_http: WebAddress | None = None  # where plain HTTP is redirected from, under TLS
    control: ReadyControl | None = None
    releases: tuple[ReadyRelease, ...] = ()  # the one that was live first, first


def parse_ready(line: str) -> Ready:
    """Parse the line. Raises `CannotMeasure` that names each bad field and never repeats a value."""
    try:
        return Ready.model_validate_json(line)
    except ValidationError as invalid:
        wrong = "; ".join(
            f"{'.'.join(map(str, detail['loc'])) or 'line'}: {detail['msg']}"
            for detail in invalid.errors(include_url=False, include_input=False)
        )
        raise CannotMeasure(
            f"the reference platform did not say where it is: {wrong}",
            expected="one line of JSON, version 1, with its addresses and accounts",
            where="standard output of python -m reference",
        ) from None


def fill(deployment: Deployment, ready: Ready) -> Deployment:
    """Put the addresses, accounts and secrets of the started platform into a deployment."""
    return replace(
        deployment,
        base_url=ready.web,
        services={
            "web": Service("web", ready.web, health="/api/health"),
            "orchestrator": Service("orchestrator", ready.orchestrator, regions=ready.regions, health="/health"),
            "realtime": Service("realtime", ready.realtime),
            **({PLAIN_HTTP: Service(PLAIN_HTTP, ready.plain_http)} if ready.plain_http else {}),
        },
        limits={**deployment.limits, "preview_pool": Quantity(ready.pool, Unit.COUNT)},
        accounts={
            role: Account(role, _secret(f"{role}_email", account.email), _secret(f"{role}_password", account.password))
            for role, account in ready.accounts.items()
        },
        secrets={
            "orchestrator_token": _secret("orchestrator_token", ready.api_token),
            "realtime_anon_key": _secret("realtime_anon_key", ready.anon_key),
            "database_url": _secret("database_url", ready.database),
            **({"jwt_key": _secret("jwt_key", ready.jwt_key)} if ready.jwt_key else {}),
            **({"vercel_token": _secret("vercel_token", ready.control.token)} if ready.control else {}),
        },
        tier=ready.tier,
        ca_file=ready.ca_file,
    )


def _secret(use: str, value: str) -> Secret:
    return check_length(Secret(f"REFERENCE_{use.upper()}", value))
