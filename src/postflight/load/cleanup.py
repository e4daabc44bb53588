"""After a run: nothing of it is left on the platform, however its processes ended.

Flows remove what they created also when they are aborted. A process that was killed cannot; so whoever started it
cleans up after it. What is left is found by the run's id, which is in the name of all that is created.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from postflight.adapter import load_adapter
from postflight.errors import CannotMeasure, DeploymentFault
from postflight.load.profiles.registry import creates
from postflight.model import Deployment, Finding, OnBreach, Status
from postflight.probes.client import Client

DEADLINE = 60.0  # seconds, for each try
TRIES = 3  # nothing is measured here, and a platform that fails now and then can be cleaned up all the same


@dataclass(slots=True)
class Leftovers:
    """What a run had left: the names of what was removed, and why something may still be there."""

    removed: tuple[str, ...] = ()
    trouble: str = ""

    def findings(self) -> tuple[Finding, ...]:
        """Return what there is to tell. It takes nothing from what the run has measured."""
        if not self.trouble:
            return ()
        title = "nothing is left behind"
        return (Finding("load.cleanup", "load", Status.UNKNOWN, OnBreach.HOLD, title=title, summary=self.trouble),)


@contextmanager
def cleaned_up(deployment: Deployment, profile: str, run_id: str) -> Iterator[Leftovers]:
    """Remove what a run of a profile has left, in whatever way the block ends. What is yielded then tells of it."""
    left = Leftovers()
    try:
        yield left
    finally:
        if creates(profile):
            _clean_up(deployment, run_id, left)


def _clean_up(deployment: Deployment, run_id: str, left: Leftovers) -> None:
    again = f"postflight cleanup --environment {deployment.environment} --run {run_id}"
    for _ in range(TRIES):
        try:
            flow = load_adapter(deployment).clean_up(deployment.accounts.values(), run_id)
            with Client(deployment, run_id) as client:
                left.removed += tuple(client.run(flow, deadline=DEADLINE))
        except (CannotMeasure, DeploymentFault) as error:
            left.trouble = f"what the run may have left could not be removed: {error}; try `{again}`"
        else:
            left.trouble = ""
            return
