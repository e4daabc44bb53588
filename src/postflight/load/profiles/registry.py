"""Load profiles by their names: those that any site has, and those that its platform's adapter offers.

An adapter offers its own as `load_profiles()`, name -> `MakeWork`; see `platforms/velocity_load.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from postflight.adapter import load_adapter
from postflight.config.nearest import did_you_mean
from postflight.errors import ConfigError
from postflight.flow import Flow
from postflight.load.profiles.page import Cache, visit
from postflight.load.profiles.websocket import Sync
from postflight.load.profiles.work import MakeWork, Party, Work
from postflight.model import Deployment

LATER = {"teams": "vibelog", "recording": "vibelog"}  # profile -> the platform that brings it
SYNC = "sync"


@dataclass(frozen=True, slots=True)
class Landing:
    """The landing page and its parts, by somebody who comes for the first time, or with a cache: who returns."""

    cache: Cache | None = None

    def prepare(self) -> Flow[None]:
        """Visit once: whoever returns has been here before."""
        if self.cache is not None:
            yield from visit("/", self.cache)

    def arrive(self, number: int) -> Flow[None]:  # noqa: ARG002 - one visit is like the other
        """Visit the page."""
        return visit("/", self.cache)

    def conclude(self) -> Flow[None]:
        """Nothing was taken."""
        yield from ()


EVERYWHERE: Mapping[str, MakeWork] = {
    "landing": lambda _party: Landing(),
    "landing-warm": lambda _party: Landing(Cache()),
}


def creates(profile: str) -> bool:
    """Whether a profile creates something on the platform, so that there may be something to clean up."""
    return profile not in EVERYWHERE and profile != SYNC


def make_work(party: Party) -> Work:
    """Return what the party's profile does.

    Raises `ConfigError` for a profile that does not exist here, or that misses something in `deployments.yaml`,
    `NotAllowed` for one that would do what is not allowed there.
    """
    profile, offered = party.profile, _offered(party.deployment)
    if profile == SYNC:
        return Sync.of(party)
    if profile in offered:
        return offered[profile](party)
    if profile in LATER:
        raise ConfigError(f"the profile {profile!r} comes with the platform {LATER[profile]}, which has no adapter yet")
    known = (*offered, SYNC)
    raise ConfigError(
        f"there is no load profile {profile!r} for {party.place}{did_you_mean(profile, known)} "
        f"(there are {', '.join(sorted(known))})"
    )


def _offered(deployment: Deployment) -> Mapping[str, MakeWork]:
    """Return all profiles that are flows. A site without an adapter has those of any site."""
    if deployment.adapter is None:
        return EVERYWHERE
    offer = getattr(load_adapter(deployment), "load_profiles", dict)
    return {**EVERYWHERE, **offer()}
