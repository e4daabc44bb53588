"""After a run: nothing of it is left on the platform, however its processes ended.

Flows remove what they created also when they are aborted. A process that was killed cannot; so whoever started it cleans
up after it. What is left is found by the run's id, which is in the name of all that is created.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from postflight.adapter import load_adapter
from postflight.errors import CannotMeasure, DeploymentFault
from postflight.model import Deployment
from postflight.probes.client import Client

DEADLINE = 120.0  # seconds


@contextmanager
def cleaned_up(deployment: Deployment, run_id: str) -> Iterator[list[str]]:
    """Remove what a run has left, when the block ends in whatever way. The list then holds the names of it.

    Raises `CannotMeasure` when it could not be removed, unless the block itself has raised.
    """
    left: list[str] = []
    try:
        yield left
    except BaseException as error:  # also Ctrl-C
        try:
            left += clean_up(deployment, run_id)
        except CannotMeasure as trouble:
            error.add_note(str(trouble))
        raise
    left += clean_up(deployment, run_id)


def clean_up(deployment: Deployment, run_id: str) -> tuple[str, ...]:
    """Remove what a run left on the platform, and return the names of it; ordinarily there is nothing.

    Does nothing where nothing can have been created: without an adapter, an account, or the permission to create.
    Raises `CannotMeasure` when it could not be removed.
    """
    if deployment.adapter is None or not deployment.accounts or not deployment.permissions.may_create:
        return ()
    flow = load_adapter(deployment).clean_up(deployment.accounts.values(), run_id)
    try:
        with Client(deployment, run_id) as client:
            return tuple(client.run(flow, deadline=DEADLINE))
    except (CannotMeasure, DeploymentFault) as error:
        again = f"postflight cleanup --environment {deployment.environment} --run {run_id}"
        raise CannotMeasure(f"what the run may have left could not be removed: {error}; try `{again}`") from error
