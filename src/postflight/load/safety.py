"""Where load may go, how much of it, and when a run stops itself. Pure.

Load is the one stage that can take a platform down. So it needs a permission and a highest rate that somebody wrote
down, for production a name typed exactly, and it ends by itself when time, requests or errors run away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from postflight.config.load import LoadSettings, Profile, Shape
from postflight.errors import ConfigError
from postflight.model import Deployment, Quantity, Unit

PRODUCTION = "production"
LINGER = 10.0  # seconds after its last arrival in which a run waits for answers that the target holds back
PATIENCE = 35.0  # the same for flows that wait for none and take their time, as previews do: more than their deadlines
GRACE = 15.0  # seconds after that in which flows may finish and clean up
CLEAN_UP = 8.0  # seconds of it for flows that are thrown out: they end the sessions that they have started
STORM_SHARE = 0.9  # of errors
STORM_SECONDS = 5  # in a row
STORM_REQUESTS = 50  # in these seconds: fewer are no storm
OVER_RATE = 1.5  # times the highest rate, for OVER_SECONDS in a row: assets and redirects are requests too
OVER_SECONDS = 3


def check_allowed(deployment: Deployment, profile: Profile, shape: Shape, *, i_mean_it: str | None = None) -> None:
    """Refuse load that `deployments.yaml` does not allow there.

    Raises `ConfigError` that says what is missing, and where to write it.
    """
    where = f"{deployment.platform}/{deployment.environment}"
    if not deployment.permissions.may_load:
        known = "" if deployment.known else f": deployments.yaml does not know {deployment.base_url}"
        raise ConfigError(f"{where} does not allow load{known}; write `load` in its `allow:` in deployments.yaml")
    highest = deployment.limits.get("max_rate")
    if highest is None:
        raise ConfigError(f"{where} has no `max_rate:` in its `limits:` in deployments.yaml, so no load is sent there")
    peak = Quantity(profile.rate * shape.peak, Unit.PER_SECOND)
    if peak.value > highest.value:
        raise ConfigError(
            f"the shape {shape.name} of {profile.name} goes up to {peak}, and {where} allows {highest}"
            " (`max_rate:` in deployments.yaml): choose a lower --rate or another --shape"
        )
    host = urlsplit(deployment.base_url).netloc.rpartition("@")[2]
    if deployment.environment.startswith(PRODUCTION) and i_mean_it != host:
        typed = f", not {i_mean_it!r}" if i_mean_it else ""
        raise ConfigError(f"{where} is production: load goes there only with --i-mean-it {host}{typed}")


@dataclass(frozen=True, slots=True)
class Pace:
    """What one second of a run has sent: requests that ended, and those of them that failed."""

    ended: int
    failed: int


def must_stop(
    at: float, seconds: float, sent: int, last: Sequence[Pace], settings: LoadSettings, highest: float
) -> str:
    """Return why a run must stop now, or nothing.

    Args:
        at: seconds since it began.
        seconds: how long its shape takes.
        sent: all requests so far.
        last: its last complete seconds, the newest last.
        settings: of which `most_requests` is a bound.
        highest: requests per second that the environment allows.

    """
    if at > seconds + PATIENCE + GRACE:
        return f"it had not ended {PATIENCE + GRACE:.0f} s after its {seconds:g} s"
    if sent > settings.most_requests:
        return f"it had sent {sent} requests, more than `most_requests: {settings.most_requests}` of budgets.yaml"
    over = last[-OVER_SECONDS:]
    if len(over) == OVER_SECONDS and all(pace.ended > highest * OVER_RATE for pace in over):
        return f"it sent more than {OVER_RATE:g} times the {highest:g} requests per second that are allowed there"
    storm = last[-STORM_SECONDS:]
    stormy = len(storm) == STORM_SECONDS and all(pace.failed >= STORM_SHARE * pace.ended > 0 for pace in storm)
    if stormy and sum(pace.ended for pace in storm) >= STORM_REQUESTS:
        return f"nearly all requests failed for {STORM_SECONDS} s: more load would only do harm"
    return ""
