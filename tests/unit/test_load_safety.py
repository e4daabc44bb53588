"""Where load may go, and when it stops by itself."""

from dataclasses import replace

import pytest

from postflight.config.load import LoadSettings, Profile, Shape, Stage
from postflight.errors import ConfigError
from postflight.load.safety import GRACE, PATIENCE, Pace, check_allowed, must_stop
from postflight.model import Deployment, Permissions, Quantity, Unit

PROFILE = Profile("landing", 100.0, 10)
SHAPE = Shape("spike", (Stage(10, 0, 5),))
STAGING = Deployment(
    "velocity",
    "staging",
    "https://staging.example.com",
    known=True,
    permissions=Permissions(may_load=True),
    limits={"max_rate": Quantity(500, Unit.PER_SECOND)},
)
PRODUCTION = replace(STAGING, environment="production", base_url="https://app.example.com:8443")


def test_allowed() -> None:
    check_allowed(STAGING, PROFILE, SHAPE)


@pytest.mark.parametrize(
    ("deployment", "profile", "words"),
    [
        (replace(STAGING, permissions=Permissions()), PROFILE, "does not allow load; write `load` in its `allow:`"),
        (replace(STAGING, known=False, permissions=Permissions()), PROFILE, "does not know https://staging"),
        (replace(STAGING, limits={}), PROFILE, "has no `max_rate:`"),
        (STAGING, replace(PROFILE, rate=101.0), "goes up to 505 /s, and velocity/staging allows 500 /s"),
        (PRODUCTION, PROFILE, "only with --i-mean-it app.example.com:8443"),
    ],
)
def test_refused(deployment: Deployment, profile: Profile, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_allowed(deployment, profile, SHAPE)
    assert words in str(refused.value)


@pytest.mark.parametrize("typed", ["app.example.com", "APP.example.com:8443", "https://app.example.com:8443", "yes"])
def test_production_is_typed_exactly(typed: str) -> None:
    with pytest.raises(ConfigError, match="not '"):
        check_allowed(PRODUCTION, PROFILE, SHAPE, i_mean_it=typed)
    check_allowed(PRODUCTION, PROFILE, SHAPE, i_mean_it="app.example.com:8443")


CALM, STORMY, FAST = Pace(100, 1), Pace(100, 95), Pace(900, 0)


@pytest.mark.parametrize(
    ("at", "sent", "last", "words"),
    [
        (5.0, 100, [CALM] * 9, ""),
        (11 + PATIENCE + GRACE, 100, [CALM], "had not ended"),
        (5.0, 1001, [CALM], "more than `most_requests: 1000`"),
        (5.0, 100, [STORMY] * 5, "nearly all requests failed for 5 s"),
        (5.0, 100, [STORMY] * 4, ""),
        (5.0, 100, [STORMY] * 4 + [CALM], ""),
        (5.0, 100, [Pace(2, 2)] * 5, ""),  # ten failures are no storm
        (5.0, 100, [Pace(0, 0)] * 9, ""),
        (5.0, 100, [FAST] * 3, "more than 1.5 times the 500 requests"),
        (5.0, 100, [FAST, FAST, CALM], ""),
    ],
)
def test_hard_stops(at: float, sent: int, last: list[Pace], words: str) -> None:
    why = must_stop(at, 10.0, sent, last, LoadSettings(most_requests=1000), 500.0)
    assert bool(why) == bool(words)
    assert words in why
