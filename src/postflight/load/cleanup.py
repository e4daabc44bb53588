"""After a run: nothing of it is left on the platform, however its processes ended.

Flows remove what they created also when they are aborted. A process that was killed cannot; so whoever started it calls
this afterwards. It finds what is left by the run's id, which is in the name of all that is created.
"""

from postflight.adapter import load_adapter
from postflight.model import Deployment
from postflight.probes.client import Client

DEADLINE = 120.0  # seconds


def clean_up(deployment: Deployment, run_id: str) -> tuple[str, ...]:
    """Remove what a run left on the platform, and return the names of it; nothing is left in the ordinary case.

    Does nothing where nothing can have been created: without an adapter, an account, or the permission to create.

    Raises:
        PostflightError: it could not be removed. `postflight cleanup --run RUN_ID` tries again.

    """
    if deployment.adapter is None or not deployment.accounts or not deployment.permissions.may_create:
        return ()
    adapter = load_adapter(deployment)
    with Client(deployment, run_id) as client:
        return tuple(client.run(adapter.clean_up(deployment.accounts.values(), run_id), deadline=DEADLINE))
