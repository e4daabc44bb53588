"""How much of its machines a deployment needs while it is used: shares of CPU, memory and disk, told by Prometheus.

What is old, missing or no number is never taken for room that is left. All is asked about the same moment, and about a
window before it that holds the last scrapes of every target, of which none is older than this run.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from postflight.errors import ConfigError, DeploymentFault, NotEnoughEvidence
from postflight.flow import Request, Response, cut
from postflight.model import Query, Resources
from postflight.signals.counters import Labels, Series
from postflight.signals.prometheus_api import QueryRefused, query_path, read_series

SCRAPES = 3
"""Of each target: two make a rate, and between three a gap is seen."""
PATIENCE = 90.0
"""Seconds for them: enough where targets are scraped every 30 s."""
SERVICE = "prometheus"
_DEADLINE = 5.0  # seconds for an answer
_ROUNDING = 0.05  # a rate is extrapolated: a processor without rest may be busy for 1.02 seconds in a second

Send = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Share:
    """A share in use, 0 to 1, and the labels that say of what."""

    value: float
    labels: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What a question is about: the last scrapes before `at` (seconds since 1970) are in `window` (whole seconds)."""

    at: float
    window: int
    targets: frozenset[str]  # their labels `instance`


class Utilisation:
    """Asks about one deployment. `send` brings requests to the service `prometheus`; nothing before `since` counts."""

    def __init__(self, resources: Resources, send: Send, *, since: float, token: str | None = None) -> None:
        self._resources = resources
        self._send = send
        self._since = since
        # a token may bring its scheme: "FlyV1 ..."
        self._headers = {"Authorization": token if " " in token else f"Bearer {token}"} if token else {}
        self._until: float | None = None

    def await_scrapes(self, use: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> Moment:
        """Use the deployment until every target has been scraped often enough since the run began.

        `use` returns after about a second. Raises `NotEnoughEvidence` when they were not within `PATIENCE` (of which
        a second call has only what is left) and as `shares`.
        """
        if self._until is None:
            self._until = clock() + PATIENCE
        while True:
            found = self._look()
            if isinstance(found, Moment):
                return found
            if clock() >= self._until:
                raise NotEnoughEvidence(f"nothing is known of its machines, after {PATIENCE:g} s of use: {found}")
            use()

    def shares(self, name: str, moment: Moment) -> tuple[Share, ...]:
        """Return what a query says of that moment, the largest share first.

        Raises `NotEnoughEvidence` when Prometheus is not there or has nothing, or not of every target; `ConfigError`,
        with the query's place, when Prometheus refuses it or its values are no shares.
        """
        query = self._resources.shares[name]
        found = self._ask(query, query.promql.replace("$window", f"{moment.window}s"), moment.at)
        if not found:
            raise NotEnoughEvidence(f"{query.source}: no series has a sample in the last {moment.window} s")
        shares = tuple(Share(_share(series, query), _told(series.labels)) for series in found)
        instances = {of for series in found if (of := dict(series.labels).get("instance"))}
        if instances and (silent := sorted(moment.targets - instances)):
            raise NotEnoughEvidence(
                f"{query.source}: of {cut(', '.join(silent))} nothing was told in the last {moment.window} s, though it"
                " is scraped: an old value is no value"
            )
        return tuple(sorted(shares, key=lambda share: -share.value))

    def _look(self) -> Moment | str:
        """Return the moment that can be asked about now, or why there is none yet."""
        scraped = self._resources.scraped
        there = self._ask(scraped, scraped.promql)
        if not there:
            return f"Prometheus scrapes no {scraped.promql} ({scraped.source})"
        now = there[0].samples[-1][0]  # by its own clock, as all samples
        span = max(1, math.ceil(now - self._since))
        samples = {series.labels: series.samples for series in self._ask(scraped, f"{scraped.promql}[{span}s]", now)}
        starts = []
        for series in there:
            seen = [at for at, value in samples.get(series.labels, ()) if value == 1 and at >= self._since]
            if trouble := _trouble(series.samples[-1][1], seen, now):
                return f"{_told(series.labels)} {trouble}"
            starts.append(seen[-SCRAPES])
        targets = frozenset(instance for series in there if (instance := dict(series.labels).get("instance")))
        return Moment(now, math.ceil(now - min(starts)) + 1, targets)

    def _ask(self, query: Query, promql: str, at: float | None = None) -> tuple[Series, ...]:
        request = Request("GET", SERVICE, query_path(promql, at), deadline=_DEADLINE, headers=self._headers)
        try:
            found = read_series(self._send(request), time.time())
        except QueryRefused as error:
            raise ConfigError(f"{query.source}: {error}", where=query.source) from error
        except DeploymentFault as error:  # whoever cannot be asked says nothing of the deployment
            raise NotEnoughEvidence(f"nothing is known of its machines: {error}", where=error.facts.where) from error
        return tuple(series for series in found if series.samples)


def _trouble(last: float, seen: Sequence[float], now: float) -> str:
    """Say why a target's scrapes do not show it as it is now; empty: they do."""
    if last != 1:
        return f"could not be scraped: its last value is {last:g}, not 1"
    if len(seen) < SCRAPES:
        return f"has been scraped {len(seen)} times since this run began, and {SCRAPES} are needed"
    gap = max(later - earlier for earlier, later in pairwise(seen[-SCRAPES:]))
    if now - seen[-1] > SCRAPES * gap:
        return f"was scraped every {gap:.3g} s, and not in the last {now - seen[-1]:.0f} s"
    return ""


def _share(series: Series, query: Query) -> float:
    """Return a series' value, which must be a share of something that is named."""
    (_, value), *_ = series.samples
    if not series.labels:
        raise ConfigError(
            f"{query.source}: its series has no label, so that an average hides what is full, and `or vector(0)` is"
            " green on nothing; keep one, as `by (instance)`"
        )
    if not math.isfinite(value):
        raise NotEnoughEvidence(f"{query.source}: {_told(series.labels)} is {value}: a share of nothing?")
    if not -_ROUNDING <= value <= 1 + _ROUNDING:
        raise ConfigError(
            f"{query.source}: {_told(series.labels)} is {value:.4g}, no share from 0 to 1: divide a percentage by 100,"
            " seconds of CPU by the number of processors, bytes by all that there are"
        )
    return min(max(value, 0.0), 1.0)


def _told(labels: Labels) -> str:
    return cut("{" + ", ".join(f'{name}="{value}"' for name, value in labels if name != "__name__") + "}")
