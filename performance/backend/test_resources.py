"""P13-P1: what the platform needs of its machines while this stage uses it, where Prometheus knows."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from postflight.flow import Request
from postflight.model import Service, Unit
from postflight.probes.client import Client
from postflight.probes.pace import POLITE
from postflight.pytest_plugin.fixtures import Exclude, Measure
from postflight.pytest_plugin.run import Run
from postflight.signals.utilisation import SERVICE, Moment, Utilisation

pytestmark = [pytest.mark.performance, pytest.mark.covers("P13-P1")]

MeasureShare = Callable[[str], None]
MOST = 50
"""Shares that are kept, the largest first."""
LANDING = Request("GET", "web", "", name="GET /")


@pytest.fixture(scope="session")
def utilisation(run: Run) -> Iterator[Utilisation | None]:
    """Whom to ask how much of its machines the platform needs, if anybody knows."""
    resources = run.deployment.resources
    if resources is None:
        yield None
        return
    asked = replace(run.deployment, services={SERVICE: Service(SERVICE, resources.prometheus)})
    token = run.deployment.secrets.get("prometheus_token")
    with Client(asked, run.run_id, run.redactor) as client:
        since = run.started.timestamp()
        yield Utilisation(resources, client.send, since=since, token=token.reveal() if token else None)


@pytest.fixture(scope="session")
def moments() -> list[Moment]:
    """The moments that were asked about: the checks below are about the same one, the last."""
    return []


@pytest.fixture
def measure_share(
    request: pytest.FixtureRequest,
    run: Run,
    api: Client,
    utilisation: Utilisation | None,
    moments: list[Moment],
    measure: Measure,
    exclude: Exclude,
) -> MeasureShare:
    """A function that measures a share; a check that failed and is run again asks about a moment of its own."""
    resources = run.deployment.resources

    def use() -> None:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            api.send(LANDING)
            time.sleep(POLITE)

    def measure_it(name: str) -> None:
        if utilisation is None or resources is None or name not in resources.shares:
            exclude(f"deployments.yaml does not say how to ask for it (`resources: {{prometheus: ..., {name}: ...}}`)")
        if not moments or getattr(request.node, "execution_count", 1) > 1:
            moments.append(utilisation.await_scrapes(use))
        moment = moments[-1]
        shares = utilisation.shares(name, moment)
        worst, values = shares[0], [share.value for share in shares[:MOST]]
        cause = f"{worst.labels}, the largest of {len(shares)}, in {moment.window} s in which this stage used it"
        measure(f"resources.{name}", *values, unit=Unit.RATIO, where=worst.labels, cause=cause)

    return measure_it


@pytest.mark.measures("resources.cpu")
def test_processors_have_room(measure_share: MeasureShare) -> None:
    """Its processors have room while it is used"""
    measure_share("cpu")


@pytest.mark.measures("resources.memory")
def test_memory_has_room(measure_share: MeasureShare) -> None:
    """Its memory has room while it is used"""
    measure_share("memory")


@pytest.mark.measures("resources.disk")
def test_disks_have_room(measure_share: MeasureShare) -> None:
    """Its disks have room while it is used"""
    measure_share("disk")
