"""P13-P1, VRO-P1: how long Velocity's API takes: over new and over open connections, and for each item of a list."""

from functools import partial

import pytest

from platforms.velocity import Velocity
from platforms.velocity_timing import page_of_projects, timed_requests
from postflight.checks.database import scans_for_each
from postflight.errors import BudgetBroken, NotEnoughEvidence, PostflightError
from postflight.model import Deployment, Measurement, Unit
from postflight.probes.client import Client
from postflight.probes.database_watch import count_scans
from postflight.probes.phases import Timer
from postflight.pytest_plugin.fixtures import Measure
from postflight.pytest_plugin.run import Run
from postflight.stats.quantiles import estimate

from .conftest import ALPHA, Ask, Broken, MakeProjects, TimePairs, TimeThem

pytestmark = [pytest.mark.performance, pytest.mark.platform("velocity")]

ITEMS = 20
"""Projects in the longer list; the shorter one has 1."""
PAIRS = 40
"""Of a short and a long list: enough for the median of their differences."""
COUNTED = 10
"""Requests whose scans are counted once a list is too slow."""


@pytest.mark.covers("P13-P1", "VRO-P1", "VEL-M1")
@pytest.mark.measures("api.cold.p50", "api.warm.p50", "api.warm.p95")
def test_api_answers_quickly(
    api: Client,
    platform: Velocity,
    token: str,
    timer: Timer,
    deployment: Deployment,
    time_them: TimeThem,
    make_projects: MakeProjects,
) -> None:
    """The API answers quickly, over a new connection and over an open one"""
    projects = [project.id for project in api.run(platform.list_projects(token))[:1]]
    if not projects and deployment.permissions.may_create:
        projects = make_projects(1)
    time_them(timer, timed_requests(token, *projects))


@pytest.mark.needs("create")
@pytest.mark.covers("P13-P1", "VRO-P1")
@pytest.mark.measures("api.per_item")
def test_a_list_costs_little_for_each_item(
    token: str,
    make_projects: MakeProjects,
    time_pairs: TimePairs,
    run: Run,
    ask: Ask,
    broken: Broken,
    measure: Measure,
) -> None:
    """A longer list takes little longer: nothing is fetched item by item"""
    make_projects(ITEMS)
    short, long = page_of_projects(token, 1), page_of_projects(token, ITEMS)
    lengths = [len(ask(request).json_object().items("projects")) for request in (short, long)]
    if lengths != [1, ITEMS]:
        asked = f"1 and {ITEMS} projects were asked for, and {lengths[0]} and {lengths[1]} came"
        raise NotEnoughEvidence(f"the lists do not differ as they should, so no item's cost can be told: {asked}")
    each = [difference / (ITEMS - 1) for difference in time_pairs(short, long, PAIRS)]
    found = estimate(each, 0.5, ALPHA)
    interval, cause = (found.low, found.high), ""
    measured = Measurement("api.per_item", (found.middle,), Unit.SECONDS, interval=interval)
    if isinstance(broken(measured), BudgetBroken) and "database_url" in run.deployment.secrets:
        try:
            few, many = (
                count_scans(run.deployment, run.redactor, partial(ask, request), requests=COUNTED)
                for request in (short, long)
            )
            cause = _scanned(few, many)
        except PostflightError as error:  # that it is too slow was measured, whatever hides the cause
            cause = f"the database did not tell why: {error}"
    where = f"GET /api/projects, {ITEMS} items against 1"
    measure("api.per_item", found.middle, where=where, interval=interval, cause=cause)


def _scanned(few: dict[str, float], many: dict[str, float]) -> str:
    """Say which tables are looked at item by item."""
    tables = scans_for_each(few, many, ITEMS - 1)
    if not tables:
        return "no table is scanned more often for a longer list"
    told = ", ".join(f"{table} is scanned {scans:.2g} times more" for table, scans in tables)
    return f"for each further item {told}, as by a query for each (N+1)"
