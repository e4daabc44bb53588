"""What the checks of services share: how to measure latencies until their budgets are decided, and whom to ask as."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from platforms.velocity import PREFIX, Velocity
from postflight.checks.budget import judge
from postflight.checks.latency.sampling import Limits, Sampling
from postflight.checks.latency.timing import Gauge, Timing
from postflight.config import Budgets
from postflight.errors import NotEnoughEvidence, PostflightError
from postflight.flow import Request, Response
from postflight.model import Account, Deployment, Measurement
from postflight.probes.client import Client
from postflight.probes.pace import pause_between, require_answer
from postflight.probes.phases import Timer
from postflight.pytest_plugin.fixtures import Measure
from postflight.stats.quantiles import fewest_samples

Ask = Callable[[Request], Response]
Broken = Callable[[Measurement], PostflightError | None]
TimeThem = Callable[..., list[Timing]]
TimePairs = Callable[[Request, Request, int], list[float]]
MakeProjects = Callable[[int], list[str]]
SECONDS = 30.0
"""For one check: what is not decided by then is unknown."""
ALPHA = 0.05
"""With which the bound of a median of differences may be wrong."""


@pytest.fixture
def timer(api: Client, deployment: Deployment) -> Iterator[Timer]:
    """Times requests phase by phase, at a rate that the deployment allows."""
    with Timer(api, pause=pause_between(deployment)) as timer:
        yield timer


@pytest.fixture(scope="session")
def ask(api: Client, deployment: Deployment) -> Ask:
    """A function that sends a request untimed, at that rate too, and returns an answer that is one."""

    def send(request: Request) -> Response:
        time.sleep(pause_between(deployment))
        return require_answer(api.send(request))

    return send


@pytest.fixture(scope="session")
def broken(deployment: Deployment, budgets: Budgets) -> Broken:
    """A function that says what is wrong with a measurement before its test has ended; None: its budgets are kept."""
    limits = budgets.for_stage(deployment.platform, "performance").values()

    def find(measurement: Measurement) -> PostflightError | None:
        return next((held.error for held in judge(measurement, limits) if held.error), None)

    return find


@pytest.fixture
def time_them(request: pytest.FixtureRequest, broken: Broken, run_id: str, measure: Measure) -> TimeThem:
    """A function that times requests in turns until the budgets of all metrics that its test announces are decided.

    `version` goes before the metrics' names: `http2.landing.warm.p95` is about the budget landing.warm.p95, too.
    """
    announced = [str(name) for marker in request.node.iter_markers("measures") for name in marker.args]

    def time_all(timer: Timer, operations: Sequence[Request], *, version: str = "") -> list[Timing]:
        gauges = [Gauge.parse(name) for name in announced]
        if version:
            gauges = [replace(gauge, group=f"{version}.{gauge.group}") for gauge in gauges]
        for operation in operations:
            timer.warm_up(operation)
        sampling = Sampling(
            operations,
            gauges,
            take=lambda operation, cold: timer.take(operation, cold=cold),
            is_decided=lambda measurement: not isinstance(broken(measurement), NotEnoughEvidence),
            shuffle=random.Random(run_id).shuffle,  # noqa: S311 - the order of requests
            clock=time.monotonic,
            limits=Limits(SECONDS, longest=max(operation.deadline for operation in operations)),
        )
        for found in sampling.run():
            measure(found.metric, *found.values, interval=found.interval, cause=found.cause)
        return sampling.timings

    return time_all


@pytest.fixture
def time_pairs(timer: Timer, run_id: str) -> TimePairs:
    """A function that returns how much longer the second request's first byte takes, in pairs one after the other.

    What disturbs one of a pair mostly disturbs the other. When the time is over, fewer pairs have to do; it raises
    `NotEnoughEvidence` for fewer than a bound of their median takes.
    """
    shuffle = random.Random(run_id).shuffle  # noqa: S311 - the order of requests

    def time_all(first: Request, second: Request, pairs: int) -> list[float]:
        timer.warm_up(first)
        timer.warm_up(second)
        differences: list[float] = []
        until = time.monotonic() + SECONDS
        while len(differences) < pairs and time.monotonic() < until:
            turns = [True, False]
            shuffle(turns)
            took = {turn: timer.take(first if turn else second, cold=False).first_byte for turn in turns}
            differences.append(took[False] - took[True])
        if len(differences) < (fewest := fewest_samples(0.5, ALPHA)):
            raise NotEnoughEvidence(f"{len(differences)} pairs of requests in {SECONDS:g} s: {fewest} are needed")
        return differences

    return time_all


@pytest.fixture(scope="session")
def token(api: Client, platform: Velocity, account: Callable[[str], Account]) -> str:
    """A bearer token of the primary account."""
    return api.run(platform.sign_in(account("primary")))


@pytest.fixture
def make_projects(
    api: Client, platform: Velocity, token: str, run_id: str, deployment: Deployment
) -> Iterator[MakeProjects]:
    """A function that creates so many projects and returns their ids; they are removed afterwards."""
    made: list[str] = []

    def make(count: int) -> list[str]:
        for number in range(count):
            time.sleep(pause_between(deployment))
            made.append(api.run(platform.create_project(token, f"{PREFIX}{run_id}-timed-{number}")).id)
        return made

    yield make
    for project in made:
        api.run(platform.delete_project(token, project))
