"""VEL-P4, VRO-P1: what the database does while the API answers: connections, open transactions, slow statements."""

import time

import pytest

from platforms.velocity_timing import page_of_projects
from postflight.checks.database import Watched
from postflight.errors import DeploymentFault, NotEnoughEvidence
from postflight.model import Deployment, Quantity, Unit
from postflight.probes.database_watch import watch
from postflight.pytest_plugin.fixtures import Exclude, Measure
from postflight.pytest_plugin.run import Run

from .conftest import Ask

pytestmark = [pytest.mark.performance, pytest.mark.platform("velocity")]

PLACE = "PostgreSQL"
REQUESTS = 60
"""For the list of projects, one after the other."""
SECONDS = 60.0
"""For all of them, and for those that bring the counters along."""


@pytest.fixture(scope="session")
def seen() -> list[Watched]:
    """What was seen: the checks below look at the same series, the last one."""
    return []


@pytest.fixture
def watched(
    request: pytest.FixtureRequest, run: Run, ask: Ask, token: str, exclude: Exclude, seen: list[Watched]
) -> Watched:
    """The database during a series of requests; a check that failed and is run again looks at a series of its own."""
    deployment = run.deployment
    if deployment.database is None and "database_connections" not in deployment.limits:
        exclude("deployments.yaml says nothing of a database here (`database:`, `limits: {database_connections: ...}`)")
    again = getattr(request.node, "execution_count", 1) > 1
    if again or not seen:
        asked, until = page_of_projects(token, 20), time.monotonic() + SECONDS

        def send() -> None:
            if time.monotonic() > until:
                raise NotEnoughEvidence(f"{REQUESTS} requests were not answered in {SECONDS:g} s, so none is judged by")
            ask(asked).expect(200)

        seen.append(watch(deployment, run.redactor, send, requests=REQUESTS))
    _require_service(seen[-1])
    return seen[-1]


@pytest.mark.covers("VEL-P4", "P13-P1")
@pytest.mark.measures("database.connections")
def test_database_has_connections_left(watched: Watched, deployment: Deployment, measure: Measure) -> None:
    """The database has connections left, within the limit of the environment"""
    told, used = deployment.limits.get("database_connections"), watched.peak
    if told is None:  # the server's own limit, which all of its databases share
        told, used = Quantity(watched.most, Unit.COUNT), watched.peak + watched.elsewhere
    cause = f"{used} connections in use at a time, and its limit here is {told}"
    measure("database.connections", used / told.value, unit=Unit.RATIO, where=PLACE, cause=cause)


@pytest.mark.covers("VEL-P4")
def test_database_connections_are_given_back(watched: Watched) -> None:
    """Connections to the database are used again, and given back"""
    if leak := watched.leak():
        first, *_, last = watched.connections
        raise DeploymentFault(leak, expected=f"about {first} connections", seen=f"{last}", where=PLACE)


@pytest.mark.covers("VEL-P4", "VRO-P1")
@pytest.mark.measures("database.idle_in_transaction")
def test_no_transaction_is_left_open(watched: Watched, measure: Measure) -> None:
    """No transaction is left open"""
    _require_sight(watched)
    idlest = watched.idlest
    whose = f", by {idlest.application}" if idlest and idlest.application else ""
    cause = f"idle in transaction after {idlest.statement}{whose}" if idlest else ""
    measure("database.idle_in_transaction", idlest.in_state if idlest else 0.0, where=PLACE, cause=cause)


@pytest.mark.covers("VRO-P1")
@pytest.mark.measures("database.mean_time")
def test_database_answers_quickly(watched: Watched, measure: Measure) -> None:
    """The database answers quickly, on average"""
    if slowest := watched.slowest_statement:
        cause = f"{slowest.calls} calls of {slowest.text}, by pg_stat_statements"
        measure("database.mean_time", slowest.mean, where=PLACE, cause=cause)
        return
    if watched.mean_transaction is None:
        raise NotEnoughEvidence(
            "nothing tells how long the statements of these requests take: install pg_stat_statements (PostgreSQL 14"
            " tells by itself)"
        )
    # a transaction has one statement or more: what holds for it on average holds for each of them
    cause = f"mean of {watched.transactions} transactions"
    if watched.slowest is not None:
        seen = Quantity(watched.slowest.running, Unit.SECONDS)
        cause += f"; the longest statement seen ran for {seen}: {watched.slowest.statement}"
    measure("database.mean_time", watched.mean_transaction, where=PLACE, cause=cause)


def _require_service(watched: Watched) -> None:
    if not watched.served:
        raise NotEnoughEvidence(
            f"{watched.requests} requests to the API led to {watched.transactions} transactions here: does the secret"
            " database_url lead to the database that the platform itself asks, and to no replica?"
        )


def _require_sight(watched: Watched) -> None:
    if watched.hidden:
        raise NotEnoughEvidence(
            "our role sees no other session's state: grant pg_read_all_stats to the role of the secret database_url"
        )
