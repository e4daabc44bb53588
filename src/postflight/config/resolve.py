"""From `deployments.yaml`, the options and the environment variables to one frozen `Deployment`.

| --base-url | --environment | what is verified |
|---|---|---|
| - | - | the reference platform, which Postflight starts |
| - | given | that environment |
| given, known | - | the environment whose base_url has this host and port (`localhost` is never known) |
| given, unknown | - | a generic site: nothing is allowed, nothing is known |
| given | given | that environment, its web service at the given address (a preview of the same environment) |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from postflight.config.deployments import (
    GENERIC,
    Allowed,
    ContractEntry,
    DatabaseEntry,
    Deployments,
    Environment,
    Limits,
    Platform,
    RateLimitEntry,
)
from postflight.config.nearest import did_you_mean
from postflight.config.ready import fill, parse_ready
from postflight.config.resources import ResourcesEntry
from postflight.config.secrets import check_length, read_secret
from postflight.config.urls import Address, parse_address
from postflight.errors import ConfigError
from postflight.model import (
    Account,
    AllowedTrouble,
    Contract,
    DatabaseSchema,
    Deployment,
    Migration,
    Permissions,
    Quantity,
    Query,
    RateLimit,
    Resources,
    Secret,
    Service,
    StageSet,
)

DEFAULT_ENVIRONMENT = "reference"  # of those that Postflight starts
UNKNOWN = "unknown"  # the environment of a generic deployment
USERINFO = (
    "basic_auth"  # the secret's use when a base URL is written https://user:password@host; its value `user:password`
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entry of the file is meant (None: a generic site), and the address that was given."""

    platform: str
    environment: str
    entry: Environment | None
    address: Address | None

    @property
    def needs_start(self) -> bool:
        """Whether Postflight has to start the reference platform first."""
        return self.entry is not None and self.entry.start is not None

    @property
    def start_arguments(self) -> tuple[str, ...]:
        """How the reference platform is started for this environment."""
        if self.entry is None:
            return ()
        tier = ("--tier", self.entry.tier) if self.entry.tier else ()
        return (*tier, "--tls") if self.entry.tls else tier


def resolve(
    deployments: Deployments,
    *,
    base_url: str | None = None,
    platform: str | None = None,
    environment: str | None = None,
    environ: Mapping[str, str],
    ready: str | None = None,
) -> Deployment:
    """Decide what is verified. `ready` is the line of the started reference platform, where `choose` says it is needed.

    Raises `ConfigError` that names the choices. Unset environment variables are no error here: they are collected in
    `missing_secrets`, and the checks that need them say so.
    """
    choice = choose(deployments, base_url=base_url, platform=platform, environment=environment)
    secrets = _userinfo(choice.address)
    if choice.entry is None:
        url = choice.address.url if choice.address else ""
        return Deployment(GENERIC, UNKNOWN, url, known=False, services={"web": Service("web", url)}, secrets=secrets)
    entry = choice.entry
    url = choice.address.url if choice.address else entry.base_url or ""
    accounts, named, missing = _read_secrets(entry, environ)
    deployment = Deployment(
        platform=choice.platform,
        environment=choice.environment,
        base_url=url,
        known=True,
        services=_services(entry, url),
        permissions=_permissions(entry),
        limits=_limits(entry.limits),
        accounts=accounts,
        secrets={**named, **secrets},
        missing_secrets=missing,
        adapter=deployments.platforms[choice.platform].adapter,
        control=entry.control,
        preflight_deadline=entry.preflight_deadline.value,
        allowed_trouble=tuple(AllowedTrouble(t.kind.value, t.match, t.until, t.why) for t in entry.page_troubles),
        tier=entry.tier or "",
        rate_limits=tuple(_rate_limit(name, limit) for name, limit in entry.rate_limits.items()),
        scan_results=entry.scan_results,
        stage_sets=_stage_sets(deployments.platforms[choice.platform]),
        database=_database(entry.database) if entry.database else None,
        contract=_contract(entry.contract),
        third_parties=entry.third_parties,
        lighthouse=entry.lighthouse,
        resources=_resources(entry.resources, choice, deployments) if entry.resources else None,
    )
    if not choice.needs_start:
        return deployment
    if ready is None:
        raise ConfigError(
            f"{choice.platform}/{choice.environment} is started by Postflight, and was not",
            expected="the line that the reference platform prints when it is ready",
        )
    return fill(deployment, parse_ready(ready))


def choose(
    deployments: Deployments,
    *,
    base_url: str | None = None,
    platform: str | None = None,
    environment: str | None = None,
) -> Choice:
    """Find the entry that the options mean, by the table above. Raises `ConfigError` that names the choices."""
    address = _address(base_url) if base_url else None
    if platform == GENERIC:
        if address is None or environment:
            raise ConfigError("--platform generic takes --base-url, and no --environment")
        return Choice(GENERIC, UNKNOWN, None, address)
    if platform and platform not in deployments.platforms:
        hint = did_you_mean(platform, [*deployments.platforms, GENERIC])
        raise ConfigError(f"--platform {platform}: deployments.yaml does not know it{hint}", where="deployments.yaml")
    entries = [
        Choice(platform_name, name, entry, address)
        for platform_name, held in deployments.platforms.items()
        if platform in (None, platform_name)
        for name, entry in held.environments.items()
    ]
    if environment:
        return _by_environment(entries, environment)
    if address:
        return _by_address(entries, address, platform)
    return _reference(entries)


def _by_environment(entries: list[Choice], environment: str) -> Choice:
    named = [choice for choice in entries if choice.environment == environment]
    found = [choice for choice in named if choice.address and _is_at(choice, choice.address)] or named
    if not found:
        hint = did_you_mean(environment, [choice.environment for choice in entries])
        raise ConfigError(f"--environment {environment}: no such environment{hint}", where="deployments.yaml")
    if len(found) > 1:
        _ambiguous(f"--environment {environment}", found)
    choice = found[0]
    if choice.address and choice.needs_start:
        raise ConfigError(
            f"{choice.platform}/{environment} is started by Postflight and takes no --base-url;"
            " leave one of --base-url and --environment out"
        )
    return choice


def _by_address(entries: list[Choice], address: Address, platform: str | None) -> Choice:
    found = [choice for choice in entries if _is_at(choice, address)]
    if len(found) > 1:
        _ambiguous(f"--base-url {address.url}", found, f", or --platform {GENERIC} for any ordinary site")
    if found:
        return found[0]
    if platform:
        names = ", ".join(choice.environment for choice in entries)
        raise ConfigError(
            f"--base-url {address.url} is no known address of {platform}; name the environment that it belongs to with"
            f" --environment ({names}), or leave --platform out for the generic flows"
        )
    return Choice(GENERIC, UNKNOWN, None, address)


def _is_at(choice: Choice, address: Address) -> bool:
    """Whether the environment has this host and port. `localhost` tells nothing: anybody's project listens there."""
    if choice.entry is None or choice.entry.base_url is None or address.host[0] == "localhost":
        return False
    return parse_address(choice.entry.base_url).host == address.host


def _reference(entries: list[Choice]) -> Choice:
    found = [choice for choice in entries if choice.needs_start]
    if not found:
        names = (
            ", ".join(f"{choice.platform}/{choice.environment}" for choice in entries)
            or "none: there is no deployments.yaml"
        )
        raise ConfigError(f"nothing says what to verify; give --base-url, or --environment ({names})")
    found = [choice for choice in found if choice.environment == DEFAULT_ENVIRONMENT] or found
    if len(found) > 1:
        _ambiguous("without --base-url and --environment", found)
    return found[0]


def _ambiguous(what: str, found: list[Choice], otherwise: str = "") -> NoReturn:
    names = ", ".join(f"{choice.platform}/{choice.environment}" for choice in found)
    platforms = " or ".join(f"--platform {name}" for name in dict.fromkeys(choice.platform for choice in found))
    if len({choice.platform for choice in found}) == 1:
        platforms = " or ".join(f"--environment {choice.environment}" for choice in found)
    raise ConfigError(f"{what} may mean {names}; add {platforms}{otherwise}", where="deployments.yaml")


def _address(base_url: str) -> Address:
    try:
        return parse_address(base_url)
    except ValueError as problem:
        raise ConfigError(f"--base-url: {problem}", where="--base-url") from None


def _userinfo(address: Address | None) -> dict[str, Secret]:
    if address is None or address.userinfo is None:
        return {}
    return {USERINFO: check_length(Secret("BASE_URL_USERINFO", address.userinfo))}


def _services(entry: Environment, base_url: str) -> dict[str, Service]:
    services = {"web": Service("web", base_url)}
    for name, service in entry.services.items():
        url = base_url if name == "web" else service.url or ""
        # another address of the web service has not the regions of the environment's own
        regions = service.regions if name != "web" or base_url == entry.base_url else {}
        services[name] = Service(name, url, regions, service.health)
    return services


def _permissions(entry: Environment) -> Permissions:
    return Permissions(
        may_create=Allowed.CREATE in entry.allow,
        may_load=Allowed.LOAD in entry.allow,
        may_fuzz=Allowed.FUZZ in entry.allow,
        may_exhaust=Allowed.EXHAUST_POOL in entry.allow,
        may_inject=Allowed.INJECT in entry.allow,
    )


def _contract(entry: ContractEntry) -> Contract:
    return Contract(
        document=entry.document or "",
        previous=entry.previous or "",
        served_at=entry.served_at,
        safe=entry.safe,
        at_most=int(entry.at_most.value) if entry.at_most else None,
        per_second=entry.rate.value if entry.rate else None,
    )


def _rate_limit(name: str, entry: RateLimitEntry) -> RateLimit:
    method, _, path = entry.request.partition(" ")
    return RateLimit(name, method, path, entry.body, int(entry.at_most.value), entry.within.value)


def _stage_sets(platform: Platform) -> dict[str, StageSet]:
    return {name: StageSet(name, entry.stages, entry.covers) for name, entry in platform.stage_sets.items()}


def _database(entry: DatabaseEntry) -> DatabaseSchema:
    told = entry.migration
    migration = Migration(told.table, told.column, told.value) if told else None
    usage: dict[str, tuple[str, str]] = {name: _table_and_column(place) for name, place in entry.usage.items()}
    return DatabaseSchema(entry.tables, migration, usage)


def _resources(entry: ResourcesEntry, choice: Choice, deployments: Deployments) -> Resources:
    place = ("platforms", choice.platform, "environments", choice.environment, "resources")
    asked = {name: Query(promql, deployments.where((*place, key))) for name, promql, key in entry.queries()}
    return Resources(entry.prometheus, asked.pop("scraped"), asked)


def _table_and_column(place: str) -> tuple[str, str]:
    table, _, column = place.rpartition(".")
    return table, column


def _limits(limits: Limits) -> dict[str, Quantity]:
    return {name: value for name, value in limits if value is not None}


def _read_secrets(
    entry: Environment, environ: Mapping[str, str]
) -> tuple[dict[str, Account], dict[str, Secret], tuple[str, ...]]:
    """Return the accounts that are complete, the secrets that are set, and the names of variables that are not."""
    missing: list[str] = []

    def read(name: str) -> Secret | None:
        secret = read_secret(name, environ)
        if secret is None:
            missing.append(name)
        return secret

    accounts: dict[str, Account] = {}
    for role, names in entry.accounts.items():
        email, password = read(names.email), read(names.password)
        if email and password:
            accounts[role] = Account(role, email, password)
    named = {use: secret for use, name in entry.secrets if name and (secret := read(name))}
    return accounts, named, tuple(dict.fromkeys(missing))
