"""Locust's side of a worker: `ArrivalUser`, a user that is not one visitor but all of them.

One such user a worker drives the engine. It takes what the engine has measured out of it twice a second, puts it into
Locust's own statistics in bulk, so that its tables, charts, CSV and HTML stay true, and sends it to the master whole.
"""

import logging
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from typing import Any, ClassVar

import gevent
from locust import User, runners
from locust.env import Environment

from postflight.config.load import Profile
from postflight.errors import ConfigError, PostflightError
from postflight.flow import Flow
from postflight.load.engine.batch import FAILURES, Batch
from postflight.load.engine.engine import Engine
from postflight.load.engine.histogram import highest_in
from postflight.load.judging.results import REPORT
from postflight.load.orders import class_name, read_options
from postflight.load.profiles.registry import make_work
from postflight.load.profiles.work import Party, Share, Work
from postflight.load.safety import CLEAN_UP
from postflight.load.swarm.plan import MASTER_OPTION, Plan
from postflight.model import Deployment
from postflight.redact import Redactor
from postflight.reference_process import READY_VARIABLE
from postflight.target import Target, opened

_LOG = logging.getLogger(__name__)
PREPARE_DEADLINE = 60.0  # seconds: sign-in, and what the profile creates once
READY, ALIVE, BATCH = "postflight_ready", "postflight_alive", "postflight_batch"  # of a worker
GO, STOP = "postflight_go", "postflight_stop"  # of its master


class ArrivalUser(User):
    """Runs one profile of `budgets.yaml` in an open model. Subclasses say which."""

    abstract = True
    profile: ClassVar[str] = ""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.begin: float | None = None  # Unix time of the first arrival, told by the master
        self.epoch = 0.0  # what to add to our monotonic time for the time in which `begin` is
        self.ending = False  # told to stop before the shape's end
        self._run_id = ""
        self._batches = 0  # sent

    def drive(self) -> None:
        """Run the whole shape, then idle: Locust would start another one in place of a user that ends."""
        wire = getattr(self.environment.parsed_options, MASTER_OPTION, None)
        if wire is not None:  # else the run was refused, and no load is sent
            plan = Plan.from_wire(wire)
            self._run_id = plan.run_id
            try:
                self._run(plan)
            except gevent.GreenletExit:  # whoever does this need not say so to the master
                self._tell(READY, {"trouble": "was ended before it had played its part"})
                raise
            except PostflightError as error:
                self._tell(READY, {"trouble": str(error)})
            except Exception as error:  # noqa: BLE001 - else a part would be taken for the whole
                _LOG.exception("a worker broke")
                self._tell(READY, {"trouble": f"it broke: {type(error).__name__}: {error}"})
        while True:
            gevent.sleep(1)

    tasks = [drive]  # noqa: RUF012 - Locust's way to say it

    @property
    def _runner(self) -> Any:
        return self.environment.runner

    def go(self, begin: float, wait: float) -> None:
        """Begin in `wait` seconds, which is `begin` for whoever says so."""
        self.epoch = begin - (time.monotonic() + wait)
        self.begin = begin

    def _run(self, plan: Plan) -> None:
        twins = [user for user in users_in(self._runner) if type(user) is type(self) and user is not self]
        if self._runner.client_id not in plan.workers or twins:
            return  # Locust has moved users here because another worker was lost: the plan goes on without that one
        share = plan.workers.index(self._runner.client_id)
        with ExitStack() as resources:
            resources.callback(gevent.spawn(self._say_that_we_live).kill)
            deployment = _target(self.environment, plan, resources).deployment
            work = make_work(Party(self.profile, deployment, plan.run_id, Share(share, len(plan.workers))))
            try:
                if troubles := _once(deployment, plan.run_id, work.prepare()):
                    raise ConfigError(f"{self.profile} could not be prepared: {troubles}")
                self._tell(READY, {})
                if self._wait_for_go():
                    self._play(deployment, plan, share, work)
            finally:
                _once(deployment, plan.run_id, work.conclude())
            self._report(Batch(), done=True)  # never of one that broke, or that was ended by somebody else

    def _wait_for_go(self) -> bool:
        while self.begin is None and not self.ending:
            gevent.sleep(0.02)
        return not self.ending

    def _play(self, deployment: Deployment, plan: Plan, share: int, work: Work) -> None:
        """Run the schedule to its end, or until told to stop."""
        connections, redactor = plan.connections(self.profile, share), Redactor.of(deployment)
        with Engine(deployment, plan.run_id, connections=connections, redactor=redactor, epoch=self.epoch) as engine:
            try:
                arrivals = plan.schedule(self.profile, share).offsets()
                engine.start(arrivals, work.arrive, name=self.profile, begin=self.begin)
                while not engine.idle and not self.ending:
                    asleep = time.monotonic()
                    gevent.sleep(REPORT)
                    late = time.monotonic() - asleep - REPORT  # what a frozen or crowded host does to all of us
                    self._report(engine.drain(), late=late)
            finally:
                cut_off = engine.stop(CLEAN_UP)  # ends the sessions that flows have started
                self._report(engine.drain(), cut_off=cut_off)

    def _say_that_we_live(self) -> None:
        """Be no lost worker also while nothing is measured: flows clean up, or what was created once is removed."""
        while True:
            self._tell(ALIVE, {})
            gevent.sleep(REPORT)

    def _report(self, batch: Batch, *, late: float = 0.0, done: bool = False, cut_off: int = 0) -> None:
        feed(self.environment.stats, batch, time.time())
        until = time.monotonic() + self.epoch
        told = {"until": until, "late": late, "batch": batch.to_wire(), "done": done, "cut_off": cut_off}
        number, self._batches = self._batches, self._batches + 1
        self._tell(BATCH, {**told, "number": number})

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        # a message rather than Locust's report: its LocalRunner passes messages too, so one process is as many
        told = {**data, "run": self._run_id, "worker": self._runner.client_id, "profile": self.profile}
        self._runner.send_message(kind, told)


def _once(deployment: Deployment, run_id: str, flow: Flow[None]) -> str:
    """Run one flow that is not measured. Returns what was wrong with it, or nothing."""
    with Engine(deployment, run_id, redactor=Redactor.of(deployment)) as engine:
        engine.start([0.0], lambda _: flow, name="once")
        until = time.monotonic() + PREPARE_DEADLINE
        while not engine.idle and time.monotonic() < until:
            gevent.sleep(0.02)
        engine.stop(CLEAN_UP)
        told = engine.drain()
    if told.flow_total("once").ok == 1:
        return ""
    return "; ".join(message.text for message in told.messages) or f"not done in {PREPARE_DEADLINE:g} s"


def _target(environment: Environment, plan: Plan, resources: ExitStack) -> Target:
    """Resolve what the master does: here, with the secrets of this host."""
    orders = read_options(environment.parsed_options) if environment.parsed_options else None
    if orders is None:
        raise ConfigError("Locust was started without its command line, so nothing says what to verify")
    target = resources.enter_context(opened(orders.wanted(plan.ready or os.environ.get(READY_VARIABLE))))
    if target.deployment.base_url != plan.base_url:
        raise ConfigError(
            f"this worker would send load to {target.deployment.base_url}, and its master to {plan.base_url}:"
            " start both with the same options and files"
        )
    return target


def feed(stats: Any, batch: Batch, now: float) -> None:
    """Put a batch into Locust's statistics, as if each request had been logged (`StatsEntry.log`), but in bulk.

    Latencies are the corrected ones, in milliseconds as Locust keeps them, though not rounded before they are summed.
    """
    second = int(now)
    for key, cell in batch.cells.items():
        if not cell.count:
            continue
        method, _, path = key.name.partition(" ")
        name, method = (path, method) if path else (key.name, "")
        lowest, highest = (highest_in(pick(cell.latency.counts)) / 1000 for pick in (min, max))
        failed = cell.count if key.outcome in FAILURES else 0
        for entry in (stats.total, stats.entries[(name, method)]):
            if entry.use_response_times_cache and entry.last_request_timestamp is not None:
                entry._cache_response_times(second - 1)  # noqa: SLF001 - what StatsEntry.log does in a new second
            entry.num_requests += cell.count
            entry.num_reqs_per_sec[second] += cell.count
            entry.last_request_timestamp = now
            entry.total_response_time += cell.latency.mean / 1000 * cell.count
            entry.min_response_time = min(entry.min_response_time or lowest, lowest)
            entry.max_response_time = max(entry.max_response_time, highest)
            entry.total_content_length += cell.bytes
            for bucket, count in cell.latency.counts.items():
                entry.response_times[_rounded(bucket)] += count
            if failed:
                entry.num_failures += failed
                entry.num_fail_per_sec[second] += failed
        if failed:
            _feed_errors(stats, batch, key.name, name, method, key.outcome, failed)


def _feed_errors(stats: Any, batch: Batch, asked: str, name: str, method: str, outcome: str, failed: int) -> None:
    from locust.stats import StatsError

    texts = [m.text for m in batch.messages if m.name == asked and m.outcome == outcome]
    words = f"{outcome}: {texts[0]}" if texts else outcome
    key = StatsError.create_key(method, name, words)
    error = stats.errors.setdefault(key, StatsError(method, name, words))
    error.occurrences += failed


@cache  # of 23,552 at most
def _rounded(bucket: int) -> float:
    """Return Locust's own bucket from 100 ms on; below, where Locust knows whole milliseconds, three digits."""
    from locust.stats import bucket_response_time

    milliseconds = highest_in(bucket) / 1000
    return bucket_response_time(milliseconds) if milliseconds >= 100 else float(f"{milliseconds:.3g}")


def users_of(profiles: Mapping[str, Profile]) -> dict[str, type[ArrivalUser]]:
    """Return one class for each profile, for Locust's class picker."""
    return {
        class_name(name): type(
            class_name(name),
            (ArrivalUser,),
            {"profile": name, "abstract": False, "__module__": __name__, "__doc__": f"The load profile {name}."},
        )
        for name in profiles
    }


def users_in(runner: Any) -> list[ArrivalUser]:
    """Return those of a process's users that are ours."""
    found = [greenlet.args[0] for greenlet in runner.user_greenlets if greenlet.args]
    return [user for user in found if isinstance(user, ArrivalUser)]


def listen_as_worker(environment: Environment) -> None:
    """Let this process's users hear what the master says."""
    runner: Any = environment.runner

    def go(msg: Any, **_: Any) -> None:
        for user in users_in(runner):
            user.go(float(msg.data["begin"]), float(msg.data["in"]))

    def stop(**_: Any) -> None:
        for user in users_in(runner):
            user.ending = True

    runner.register_message(GO, go)
    runner.register_message(STOP, stop)
    runners.WORKER_REPORT_INTERVAL = 1.0  # of Locust's own statistics, which are for the eye
    runners.MASTER_HEARTBEAT_TIMEOUT = 10  # seconds without a master, and a worker ends: no load that nobody judges
