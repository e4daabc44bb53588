"""How quickly requests may follow each other where nobody has allowed load, and what a refusal of more means."""

from urllib.parse import urlsplit

from postflight.errors import NotEnoughEvidence
from postflight.flow import Response
from postflight.model import Deployment
from postflight.probes.network import LOOPBACK

POLITE = 0.05  # seconds between two requests, for a deployment elsewhere on which deployments.yaml allows no load
FAILED = 400  # from this status on an answer is no answer
TOO_MANY = 429


def pause_between(*deployments: Deployment) -> float:
    """Return the least seconds between two requests, one at a time: 0 where all of these allow load, or are ours."""
    return 0.0 if all(map(_may_hurry, deployments)) else POLITE


def _may_hurry(deployment: Deployment) -> bool:
    host = urlsplit(deployment.base_url).hostname or ""
    return deployment.permissions.may_load or host in {name.strip("[]") for name in LOOPBACK}


def require_answer(answer: Response) -> Response:
    """Return an answer whose time may be measured.

    Raises `NotEnoughEvidence` where we asked too often (429), which is no fault of who says so; `UnexpectedAnswer` for
    another status of 400 or above.
    """
    if answer.status == TOO_MANY:
        raise NotEnoughEvidence(
            f"{answer.url} refused more requests (429) before enough of them were measured", where=answer.url
        )
    if answer.status >= FAILED:
        raise answer.unexpected(f"a status below {FAILED}", f"status {answer.status}")
    return answer
