"""The sources of a watch, opened and wired: what is asked, how often, and with which deadlines."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from postflight.errors import ConfigError, PostflightError
from postflight.flow import Response
from postflight.model import Deployment, Secret
from postflight.redact import Redactor
from postflight.signals.canary import Canary
from postflight.signals.clock import Clock
from postflight.signals.endpoints import Endpoint, control_endpoints_of, endpoints_of
from postflight.signals.http import Http, open_http
from postflight.signals.locust import Locust
from postflight.signals.probes import Probes, Schedule
from postflight.signals.prometheus import Prometheus
from postflight.signals.prometheus_api import PrometheusApi
from postflight.signals.reading import Source
from postflight.stats.rules import Gauge, ResponseTime, SequentialRule, WatchPlan
from postflight.watch.plan import ERROR_TABLE, FED_BY, LOCUST, PROBES, PROMETHEUS

MOST_REQUESTS = 500  # of ours at once
PROMETHEUS_DEADLINE = 5.0  # seconds
LOCUST_DEADLINE = 5.0
CONTROL_ADDRESS_DEADLINE = 1.5  # seconds
_LATEST = 0.5  # seconds that this runner itself may be late; less where a response time is judged that is short


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is asked. Times in seconds; a signal that is None is not read."""

    every: float
    deadline: float
    control_url: str | None = None
    prometheus: str | None = None
    match: str = ""
    error_table: str | None = None
    locust: str | None = None

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals, as plans know them."""
        given = {
            PROBES: True,
            PROMETHEUS: self.prometheus is not None,
            ERROR_TABLE: self.error_table is not None,
            LOCUST: self.locust is not None,
        }
        return tuple(name for name, there in given.items() if there)


@dataclass(frozen=True, slots=True)
class Sources:
    """Who sees the deployment, and who sees its control."""

    of_deployment: tuple[Source, ...]
    of_control: tuple[Source, ...]


@asynccontextmanager
async def opened_sources(
    deployment: Deployment, plan: WatchPlan, wiring: Wiring, *, origin: float, clock: Clock, run_id: str
) -> AsyncIterator[Sources]:
    """Open connections and the canary, and give the sources of a watch that begins at `origin` (on the clock).

    Raises `ConfigError` for a schedule that would need too many requests at once, and for what is not configured.
    """
    asked = endpoints_of(deployment)
    beside = control_endpoints_of(deployment, wiring.control_url) if wiring.control_url else ()
    at_once = math.ceil(wiring.deadline / wiring.every + 1) * (len(asked) + len(beside))
    if at_once > MOST_REQUESTS:
        raise ConfigError(
            f"a round every {wiring.every:g} s with a deadline of {wiring.deadline:g} s may mean {at_once} requests of"
            f" ours at once, more than {MOST_REQUESTS}: use a longer --every or a shorter --deadline"
        )
    redactor = Redactor.of(deployment)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            open_http(run_id=run_id, ca_file=deployment.ca_file, redactor=redactor, connections=at_once + 10)
        )
        canary = await stack.enter_async_context(Canary(clock, late=latest(*_judged(plan))))
        network = Network(deployment, http, canary, clock)

        async def fetch(endpoint: Endpoint) -> Response:
            return await http.get(endpoint.url, deadline=wiring.deadline)

        schedule = Schedule(origin, wiring.every)

        def probes(endpoints: Sequence[Endpoint], rules: Sequence[SequentialRule]) -> Probes:
            return Probes(
                endpoints, rules, schedule, fetch=fetch, clock=clock, canary=canary.trouble, network=network.trouble
            )

        sources: list[Source] = [probes(asked, _fed_by(plan, PROBES))]
        if wiring.prometheus is not None:
            sources.append(_prometheus(wiring.prometheus, plan, wiring.match, http, clock))
        if wiring.error_table is not None:
            sources.append(_error_table(deployment, wiring.error_table, clock, redactor))
        if wiring.locust is not None:
            sources.append(_locust(wiring.locust, plan, http, clock))
        yield Sources(tuple(sources), (probes(beside, plan.sequential),) if beside else ())


class Network:
    """Whether this runner's network works: itself, and the address that answers whenever it does."""

    def __init__(self, deployment: Deployment, http: Http, canary: Canary, clock: Clock) -> None:
        """`deployment.control` is that address; without one, the canary alone answers."""
        self._control = deployment.control
        self._http = http
        self._canary = canary
        self._clock = clock

    async def trouble(self, _at: float) -> str | None:
        """Return what is wrong with it, or None."""
        if trouble := await self._canary.trouble(self._clock.now()):
            return trouble
        if self._control is None:
            return None
        try:
            answer = await self._http.get(self._control, deadline=CONTROL_ADDRESS_DEADLINE)
        except PostflightError as error:
            return f"the control address gives no answer, so that nothing can be said about others: {error}"
        return None if answer.status < 500 else f"the control address answered {answer.status}"


def _prometheus(url: str, plan: WatchPlan, match: str, http: Http, clock: Clock) -> Prometheus:
    async def get(address: str) -> Response:
        return await http.get(address, deadline=PROMETHEUS_DEADLINE)

    gauges = [rule for rule in plan.rules if isinstance(rule, Gauge) and FED_BY[rule.name] == PROMETHEUS]
    api = PrometheusApi(url, get, clock)
    return Prometheus(api, _fed_by(plan, PROMETHEUS), gauges, match=match, clock=clock)


def _locust(url: str, plan: WatchPlan, http: Http, clock: Clock) -> Locust:
    async def get(address: str) -> Response:
        return await http.get(address, deadline=LOCUST_DEADLINE)

    return Locust(url, _fed_by(plan, LOCUST), get, clock)


def _error_table(deployment: Deployment, table: str, clock: Clock, redactor: Redactor) -> Source:
    database: Secret | None = deployment.secrets.get("database_url")
    if database is None:
        raise ConfigError(
            f"--error-table {table} needs the database's address: name its variable in deployments.yaml"
            f" (secrets: {{database_url: ...}}) and set it; not set: {', '.join(deployment.missing_secrets) or 'none'}"
        )
    try:
        from postflight.signals.error_table import ErrorTable
    except ImportError as error:
        raise ConfigError(f"--error-table needs psycopg: pip install 'postflight[watch]' ({error})") from error
    return ErrorTable(database, table, clock=clock, redactor=redactor)


def _fed_by(plan: WatchPlan, signal: str) -> list[SequentialRule]:
    return [rule for rule in plan.sequential if rule.name.endswith(f".{signal}")]


def latest(*limits: float) -> float:
    """Return how late this runner may be: a tenth of the shortest response time that is judged, at most 0.5 s."""
    return min([_LATEST, *(limit / 10 for limit in limits)])


def _judged(plan: WatchPlan) -> list[float]:
    return [rule.slower_than for rule in plan.sequential if isinstance(rule, ResponseTime)]
