"""How the weights of pages go between the gate and its stages: the last release's in, this release's out, as files."""

from pathlib import Path

from postflight.checks.weight.release import FileWeight, from_json, to_json
from postflight.commands.remember import last_release
from postflight.history import HistoryUnavailable
from postflight.model import Deployment
from postflight.stage_process import LAST_RELEASE_VARIABLE, NO_LAST_RELEASE_VARIABLE, WEIGHTS

LAST = "last-release.json"


def hand_in(reports: Path, deployment: Deployment) -> dict[str, str]:
    """Write the last release's weights where a stage finds them; return what its environment must say, if anything.

    Of a history that cannot be read, the check that needs it is told: it knows too little, and says so.
    """
    (reports / WEIGHTS).unlink(missing_ok=True)  # those of a run before must never be taken for this one's
    try:
        release = last_release(deployment)
    except (HistoryUnavailable, ValueError, OverflowError) as error:  # or a file that somebody else has written
        return {NO_LAST_RELEASE_VARIABLE: f"{error} (--history off goes without)"}
    if release is None:
        return {}
    reports.mkdir(parents=True, exist_ok=True)
    path = reports / LAST
    path.write_text(to_json(release))
    return {LAST_RELEASE_VARIABLE: str(path.resolve())}


def take_out(reports: Path) -> tuple[FileWeight, ...]:
    """Return what a stage has weighed; nothing where it weighed nothing, or its file cannot be read."""
    try:
        return from_json((reports / WEIGHTS).read_text()).files
    except (OSError, ValueError):
        return ()
