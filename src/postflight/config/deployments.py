"""`deployments.yaml`: what can be verified, where it is, what may be done there. See the file itself for examples."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from postflight.config.document import (
    Count,
    Document,
    Duration,
    EnvironmentVariable,
    PerSecond,
    Sentence,
    ServiceAddress,
    WebAddress,
    validate,
)
from postflight.config.requirements import Covered
from postflight.config.resources import ResourcesEntry
from postflight.config.rollback import RollbackWords
from postflight.config.yaml_source import Place, Problem, Source, read_yaml
from postflight.model import Quantity, Unit

FILE = "deployments.yaml"
GENERIC = "generic"  # the platform of an address that the file does not know

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
UrlPath = Annotated[str, Field(pattern=r"^/[^\s?#]*$")]


def _is_burst(count: Quantity) -> Quantity:
    """Bound what is sent to find a limit: a burst, never load."""
    if not 1 <= count.value <= 200:
        raise ValueError(f"{count} is no limit that a short burst can find; write one from 1 to 200 requests")
    return count


def _is_deadline(duration: Quantity) -> Quantity:
    """Bound the wait for a dead host: short for the person who waits, long enough for one connection."""
    if not 0.1 <= duration.value <= 60:
        raise ValueError(f"{duration} is no deadline; write one from 100 ms to 60 s")
    return duration


class Allowed(StrEnum):
    """What a run may do to an environment."""

    CREATE = "create"  # create and delete projects and previews
    LOAD = "load"  # send load
    FUZZ = "fuzz"  # send invalid requests
    EXHAUST_POOL = "exhaust_pool"  # start previews up to the limit
    INJECT = "inject"  # put harmless probes into our own browser's copy of a page; one report may reach its endpoint


class TroubleKind(StrEnum):
    """A page's troubles that can be tolerated for a while, in the words of the browser's guard, or of axe."""

    CONSOLE = "console"
    EXCEPTION = "exception"
    REQUEST = "request"  # lost on the way
    HTTP = "http"  # answered with 400 or above
    CSP = "csp"
    CSP_REPORT_ONLY = "csp-report-only"
    MIXED_CONTENT = "mixed-content"
    AXE = "axe"  # `match` is a rule's name, or a part of a selector


class ServiceEntry(Document):
    """One service. `web` is at the environment's base_url; every other one has its own URL."""

    url: ServiceAddress | None = None
    health: Annotated[UrlPath | None, Field(description="path of its health document")] = None
    regions: Annotated[dict[Name, ServiceAddress], Field(description="region -> URL", default_factory=dict)]


class AccountEntry(Document):
    """A synthetic account: the names of the environment variables that hold its address and password."""

    email: EnvironmentVariable
    password: EnvironmentVariable


class SecretNames(Document):
    """Use -> name of the environment variable. An adapter that needs another use adds a line here."""

    orchestrator_token: EnvironmentVariable | None = None
    realtime_anon_key: EnvironmentVariable | None = None
    database_url: EnvironmentVariable | None = None
    gateway_key: EnvironmentVariable | None = None
    jwt_key: EnvironmentVariable | None = None  # signs tokens (HS256): shows that dates are checked
    prometheus_token: EnvironmentVariable | None = None  # for the Prometheus of `resources`: `token` or `scheme token`


class Limits(Document):
    """What the environment promises to hold. An adapter that needs another limit adds a line here."""

    preview_pool: Annotated[Count | None, Field(description="previews at a time")] = None
    preview_idle: Annotated[Duration | None, Field(description="an idle preview ends after this")] = None
    preview_idle_min: Annotated[
        Duration | None, Field(description="the shortest idle time that a preview can be started with")
    ] = None
    database_connections: Annotated[Count | None, Field(description="connections in use at a time")] = None
    max_rate: Annotated[PerSecond | None, Field(description="requests that a load test may send; none without it")] = (
        None
    )


class RateLimitEntry(Document):
    """A route that refuses too many requests. To write it here is to allow that a run finds out, with a short burst."""

    request: Annotated[str, Field(pattern=r"^(GET|POST) /[^\s?#]*$", description="of the web service, without effect")]
    body: Annotated[dict[str, str], Field(description="its JSON, without effect too", default_factory=dict)]
    at_most: Annotated[Count, AfterValidator(_is_burst)]
    within: Duration


Table = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$")]
TimeColumn = Annotated[str, Field(pattern=r"^([A-Za-z_]\w*\.){1,2}[A-Za-z_]\w*$")]
Column = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]


class MigrationEntry(Document):
    """Where the database says which migrations it has had, and the one that this release needs."""

    table: Table
    column: Column
    value: Annotated[str, Field(min_length=1)]


class DatabaseEntry(Document):
    """What the release's migration has made; read through the secret `database_url`, and nothing is written."""

    tables: Annotated[
        dict[Table, Annotated[tuple[Column, ...], Field(min_length=1)]],
        Field(min_length=1, description="table -> columns that it must have"),
    ]
    migration: MigrationEntry | None = None
    usage: Annotated[
        dict[Literal["sessions", "projects", "previews"], TimeColumn],
        Field(description="what people do -> `table.column` of the time at which a row was made", default_factory=dict),
    ]


class StageSetEntry(Document):
    """One phase of a deployment: which checks are run after it. See docs/pipeline.md."""

    stages: Annotated[
        tuple[Literal["smoke", "security", "contract", "performance", "load"], ...], Field(min_length=1)
    ] = ("smoke",)
    covers: Annotated[tuple[Covered, ...], Field(min_length=1, description="the checks of these requirements")]


class ContractEntry(Document):
    """The promised API, and how the contract stage may hold the deployment to it."""

    document: Annotated[
        str | None, Field(description="the OpenAPI document that is promised [contract/<platform>.openapi.yaml]")
    ] = None
    previous: Annotated[str | None, Field(description="the last release's document: old clients must still work")] = (
        None
    )
    served_at: Annotated[UrlPath, Field(description="where the deployment serves its own document")] = "/openapi.json"
    safe: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(POST|PUT|PATCH|DELETE|OPTIONS) /[^\s?#]*$")], ...],
        Field(description="operations without effect: allowed where `fuzz` is not, as GET and HEAD are"),
    ] = ()
    at_most: Annotated[Count | None, Field(description="requests of a run; without `fuzz` 300 unless given")] = None
    rate: Annotated[PerSecond | None, Field(description="requests a second; without `fuzz` 30 /s unless given")] = None


class TroubleEntry(Document):
    """A known trouble of a page that fails no test until its date."""

    kind: Annotated[TroubleKind, Field(strict=False)]
    match: Annotated[Sentence, Field(description="a part of its text or URL")]
    until: Annotated[date, Field(description="the last day on which it is tolerated")]
    why: Sentence


class Environment(Document):
    """Where a platform runs. Exactly one of `base_url` and `start`."""

    start: Annotated[Literal["reference"] | None, Field(description="Postflight starts it on loopback")] = None
    base_url: WebAddress | None = None
    services: dict[Name, ServiceEntry] = Field(default_factory=dict)
    tls: Annotated[bool, Field(description="start it with HTTPS")] = False
    tier: Annotated[
        Literal["baseline", "hardened", "strict"] | None, Field(description="of security headers that it promises")
    ] = None
    allow: Annotated[
        tuple[Annotated[Allowed, Field(strict=False)], ...], Field(description="nothing, unless it is written here")
    ] = ()
    limits: Limits = Limits()
    accounts: dict[Name, AccountEntry] = Field(default_factory=dict)
    secrets: SecretNames = SecretNames()
    control: Annotated[WebAddress | None, Field(description="answers when the runner's own network works")] = None
    preflight_deadline: Annotated[
        Duration, AfterValidator(_is_deadline), Field(json_schema_extra={"default": "3.5 s"})
    ] = Quantity(3.5, Unit.SECONDS)
    page_troubles: tuple[TroubleEntry, ...] = ()
    rate_limits: dict[Name, RateLimitEntry] = Field(default_factory=dict)
    contract: ContractEntry = ContractEntry()
    scan_results: Annotated[
        tuple[str, ...],
        Field(description="files of vulnerability scanners: SARIF, or JSON of trivy, pip-audit, retire"),
    ] = ()
    third_parties: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(\*\.)?[A-Za-z0-9.-]+(:[0-9]+)?$")], ...] | None,
        Field(description="hosts of others that pages may ask: `cdn.example.com`, `*.example.com`; []: none"),
    ] = None
    lighthouse: Annotated[
        tuple[Name, ...],
        Field(description="pages of performance/routes.py for which its score is asked (docs/lighthouse.md)"),
    ] = ()
    database: Annotated[DatabaseEntry | None, Field(description="what the release's migration has made")] = None
    resources: Annotated[
        ResourcesEntry | None, Field(description="what Prometheus knows of its machines (docs/resources.md)")
    ] = None
    rollback: Annotated[RollbackWords | None, Field(description="what a rollback is here (docs/rollback.md)")] = None

    @model_validator(mode="after")
    def _one_place(self) -> "Environment":
        if self.start and (self.base_url or self.services or self.accounts or self.control):
            raise ValueError(
                "'start' brings its own addresses and accounts; remove base_url, services, accounts, control"
            )
        if self.tls and not self.start:
            raise ValueError("'tls' belongs to 'start'; elsewhere base_url says it")
        if not self.start and not self.base_url:
            raise ValueError("base_url is missing; write it, like base_url: https://staging.example.com")
        return self


class Platform(Document):
    """A platform, how to speak to it, and where it runs."""

    adapter: Annotated[str | None, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", description="module:Class")] = None
    stage_sets: Annotated[
        dict[Literal["validation", "database", "backend", "frontend", "traffic"], StageSetEntry],
        Field(description="`postflight gate --stage backend`: phase -> checks", default_factory=dict),
    ]
    environments: Annotated[dict[Name, Environment], Field(min_length=1)]


class Deployments(Document):
    """The whole file."""

    version: Literal[1]
    platforms: Annotated[dict[Name, Platform], Field(min_length=1)]
    _source: Source | None = PrivateAttr(None)

    def where(self, place: Place) -> str:
        """Return `file:line` of a place, for errors that only a run can find."""
        return self._source.where(place) if self._source else FILE


def load_deployments(path: Path | None = None) -> Deployments:
    """Load `path`; without one, the current folder's file, or no platforms at all where there is none.

    Raises `ConfigError` that names every problem with file, line and remedy.
    """
    if path is None:
        path = Path(FILE)
        if not path.exists():
            return Deployments.model_construct(version=1, platforms={})
    source = read_yaml(path)
    document = validate(source, Deployments, _check)
    document._source = source  # noqa: SLF001 - where its values stand is no value of the file
    return document


def _check(document: Deployments, source: Source) -> Iterator[Problem]:
    """Find what is wrong between parts of the file."""
    if GENERIC in document.platforms:
        yield source.problem(("platforms", GENERIC), "this name is kept for addresses that the file does not know")
    for platform_name, platform in document.platforms.items():
        for environment_name, environment in platform.environments.items():
            for name, service in environment.services.items():
                place = ("platforms", platform_name, "environments", environment_name, "services", name)
                if name == "web" and service.url:
                    yield source.problem((*place, "url"), "the web service is at base_url; remove this")
                elif name != "web" and not service.url:
                    yield source.problem(place, "url is missing; only the web service takes base_url")
