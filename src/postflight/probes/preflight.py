"""Does the deployment answer at all? One check of a few seconds in place of one time-out per test.

Before anyone is blamed, this runner must reach itself on loopback, reach the `control` address where there is one, and
resolve the deployment's name. When the deployment then gives no answer, the runner's network is looked at once more,
since it may have gone in between.
"""

import time
from urllib.parse import urlsplit

from postflight.errors import CannotMeasure, DeploymentFault, PostflightError, RunnerNetworkError
from postflight.flow import Request, Response
from postflight.model import Deployment, Finding, OnBreach, Status
from postflight.probes.client import Client
from postflight.probes.meaning import address
from postflight.probes.network import loopback_trouble, name_trouble, proxy_for
from postflight.redact import Redactor

CHECK = STAGE = "preflight"
_LOOPBACK_DEADLINE = 0.5  # seconds
_CONTROL_DEADLINE = 1.5  # seconds, and never more than half of what is left: the deployment needs the rest
_LOOK_AGAIN = 0.5  # seconds, beyond the preflight's own deadline
_NETWORK_DEADLINE = 3.0  # seconds


def preflight(deployment: Deployment, run_id: str, redactor: Redactor | None = None) -> Finding:
    """Return whether the deployment answers with a status below 500: good, bad or invalid, and why.

    Takes at most `deployment.preflight_deadline` seconds, and half a second more to be sure whose fault a failure is.
    """
    redactor = redactor or Redactor.of(deployment)
    started = time.monotonic()
    end = started + deployment.preflight_deadline
    status, summary, seen, curl = Status.GOOD, f"{address(deployment.base_url)} answers", "", ""
    try:
        with Client(deployment, run_id, redactor) as client:
            _require_network(deployment, client, end)
            _require_name(deployment.base_url, end)
            try:
                answer = _knock(deployment, client, end)
            except DeploymentFault:
                _require_network(deployment, client, time.monotonic() + _LOOK_AGAIN)
                raise
        seen, curl = f"status {answer.status} from {answer.url}", answer.curl
    except DeploymentFault as error:
        status, summary, seen, curl = Status.BAD, str(error), error.facts.seen, error.facts.curl
    except CannotMeasure as error:
        status, summary, seen, curl = Status.INVALID, str(error), error.facts.seen, error.facts.curl
    return Finding(
        check=CHECK,
        stage=STAGE,
        status=status,
        on_breach=OnBreach.ROLLBACK if deployment.known else OnBreach.HOLD,
        title="The deployment answers",
        summary=redactor.text(summary),
        expected=f"a status below 500 within {deployment.preflight_deadline:g} s",
        seen=redactor.text(seen),
        where=redactor.text(deployment.base_url),
        curl=curl,
        seconds=time.monotonic() - started,
        voids_run=status is Status.INVALID,
    )


def network_works(deployment: Deployment, run_id: str) -> str | None:
    """Return None when this runner's network works, else what is wrong with it. Takes 3 seconds at most.

    Ask this at the end of a run that found the deployment unreachable: only then is that the deployment's fault.
    """
    end = time.monotonic() + _NETWORK_DEADLINE
    try:
        with Client(deployment, run_id) as client:
            _require_network(deployment, client, end)
            _require_name(deployment.base_url, end)
    except PostflightError as error:
        return str(error)
    return None


def _require_network(deployment: Deployment, client: Client, end: float) -> None:
    if trouble := loopback_trouble(min(_LOOPBACK_DEADLINE, _left(end))):
        raise RunnerNetworkError(trouble)
    if deployment.control is None:
        return
    _require_name(deployment.control, end)
    deadline = min(_CONTROL_DEADLINE, _left(end) / 2)
    try:
        answer = client.send(Request("GET", "control", deployment.control, deadline=deadline))
        _expect_below_500(answer)
    except PostflightError as error:
        raise RunnerNetworkError(
            f"the control address {address(deployment.control)} gives no answer, so that nothing can be said about "
            f"{address(deployment.base_url)}: {error}",
            expected="a status below 500",
            seen=error.facts.seen,
            where=deployment.control,
            curl=error.facts.curl,
        ) from error


def _require_name(url: str, end: float) -> None:
    """Raise when a name does not resolve here. Behind a proxy only the proxy's own name must."""
    host = urlsplit(proxy_for(url) or url).hostname or ""
    if trouble := name_trouble(host, _left(end)):
        raise RunnerNetworkError(trouble, expected="a name that resolves", seen=trouble, where=url)


def _knock(deployment: Deployment, client: Client, end: float) -> Response:
    request = Request("GET", "web", deployment.base_url, deadline=_left(end), follow_redirects=True)
    return _expect_below_500(client.send(request))


def _expect_below_500(answer: Response) -> Response:
    if answer.status < 500:
        return answer
    raise answer.unexpected("a status below 500", f"status {answer.status}: {answer.text[:300]!r}")


def _left(end: float) -> float:
    """Return the seconds until `end`; a little more than nothing, so that what is quick still has its chance."""
    return max(end - time.monotonic(), 0.05)
