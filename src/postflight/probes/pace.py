"""How quickly requests may follow each other where nobody has allowed load."""

from urllib.parse import urlsplit

from postflight.model import Deployment
from postflight.probes.network import LOOPBACK

POLITE = 0.05  # seconds between two requests, for a deployment elsewhere on which deployments.yaml allows no load


def pause_between(*deployments: Deployment) -> float:
    """Return the least seconds between two requests, one at a time: 0 where all of these allow load, or are ours."""
    return 0.0 if all(map(_may_hurry, deployments)) else POLITE


def _may_hurry(deployment: Deployment) -> bool:
    host = urlsplit(deployment.base_url).hostname or ""
    return deployment.permissions.may_load or host in {name.strip("[]") for name in LOOPBACK}
