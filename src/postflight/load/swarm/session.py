"""The process that decides: it tells workers when to begin, gathers what they measure, judges, ends, and says why.

Locust's master has one, and so has a Locust that is master and worker at once: messages are the same for both.
"""

import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gevent
from locust import runners
from locust.env import Environment

from postflight.errors import CannotMeasure, ConfigError
from postflight.load.engine.batch import Batch
from postflight.load.judging import reports
from postflight.load.judging.conclusion import End, Ended, conclude
from postflight.load.judging.results import Results, Series, Worker
from postflight.load.judging.thresholds import thresholds_of
from postflight.load.judging.track import Track
from postflight.load.orders import PROGRESS_VARIABLE, Beat, Orders
from postflight.load.safety import GRACE, LINGER, PATIENCE, Pace, must_stop
from postflight.load.swarm.plan import MASTER_OPTION, Plan
from postflight.load.swarm.planning import chosen_users, make_plan, orders_now, pick_shape, worker_ids
from postflight.load.swarm.users import ALIVE, BATCH, GO, PREPARE_DEADLINE, READY, STOP
from postflight.model import Finding, Status, Verdict
from postflight.redact import Redactor
from postflight.reference_process import READY_VARIABLE
from postflight.report.document import Document
from postflight.run_id import new_run_id
from postflight.target import Target, opened

STEP = 0.25  # seconds
LEAD = 0.3  # seconds between "go" and the first arrival, so that the message is there in time


@dataclass(slots=True, repr=False)  # gevent writes the representation of what fails into its log
class Session:
    """One run after the other (the web UI starts several); of each, all that is known."""

    environment: Environment
    orders: Orders
    resources: ExitStack
    target: Target
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    plan: Plan | None = None
    results: Results = field(default_factory=Results)
    tracks: dict[str, Track] = field(default_factory=dict)
    begin: int = 0  # Unix second of the first arrival; 0: not yet
    end: End | None = None
    why: str = ""
    told_to_stop: float = 0.0  # monotonic
    verdict: Verdict | None = None
    refused: str = ""
    _asked: float = 0.0  # monotonic time at which the workers were asked to prepare
    _since: float = 0.0  # monotonic time of the begin
    _told_at: float = -1.0

    @classmethod
    def open(cls, environment: Environment, orders: Orders) -> "Session":
        """Resolve what is verified, start it where it is the reference platform, and listen to the workers."""
        resources = ExitStack()
        target = resources.enter_context(opened(orders.wanted(os.environ.get(READY_VARIABLE))))
        session = cls(environment, orders, resources, target)
        environment.host = target.deployment.base_url
        runner: Any = environment.runner
        runner.register_message(READY, session._on_ready)
        runner.register_message(ALIVE, session._on_alive)
        runner.register_message(BATCH, session._on_batch)
        events: Any = environment.events
        events.test_start.add_listener(session._on_start)
        events.test_stopping.add_listener(session._on_stop)  # "stop" comes after the users have been ended
        events.quitting.add_listener(session._on_quitting)
        gevent.spawn(session._loop)
        return session

    # -- what Locust's shape asks ------------------------------------------------------------------------------------

    def tick(self) -> tuple[int, float] | None:
        """Return how many users there shall be, or None at the end: one a worker and profile, and ordinary ones."""
        runner: Any = self.environment.runner
        if self.verdict is not None and runner.shape_last_tick is not None:  # else it is the run before
            return None
        workers = len(self.plan.workers) if self.plan else max(1, len(worker_ids(self.environment)))
        ours = chosen_users(self.environment)
        for held in ours:
            held.fixed_count = workers  # spawned first, however many ordinary users join
        ordinary = len(self.environment.user_classes) > len(ours)
        extra = (getattr(self.environment.parsed_options, "num_users", None) or 1) if ordinary else 0
        users = workers * len(ours) + extra
        return users, float(min(100, users))

    # -- what Locust tells -------------------------------------------------------------------------------------------

    def _on_start(self, **_: Any) -> None:
        options: Any = self.environment.parsed_options
        setattr(options, MASTER_OPTION, None)
        self.plan, self.refused, self.verdict, self.end = None, "", None, None
        self.results, self.tracks = Results(), {}
        self.begin, self.told_to_stop, self.why, self._told_at = 0, 0.0, "", -1.0
        try:
            self.plan = self._make_plan()
        except CannotMeasure as error:
            self._refuse(str(error))
            return
        self._asked = time.monotonic()
        names = self.plan.profiles
        self.results.workers = {
            worker: Worker(self._asked + PREPARE_DEADLINE, set(names), set(names)) for worker in self.plan.workers
        }
        setattr(options, MASTER_OPTION, self.plan.to_wire())

    def _on_stop(self, **_: Any) -> None:
        if self.plan is not None and self.verdict is None:
            self._finish(self.end or End.INTERRUPTED)

    def _on_quitting(self, **_: Any) -> None:
        self._on_stop()
        self.resources.close()

    def _on_ready(self, msg: Any, **_: Any) -> None:
        data: Mapping[str, Any] = msg.data
        if (worker := self._heard(data)) is not None:
            worker.waits_for.discard(data["profile"])
            if trouble := str(data.get("trouble", "")):
                self.results.lose(data["worker"], trouble)

    def _on_alive(self, msg: Any, **_: Any) -> None:
        self._heard(msg.data)

    def _on_batch(self, msg: Any, **_: Any) -> None:
        data: Mapping[str, Any] = msg.data
        worker, name, profile = self._heard(data), data["worker"], data["profile"]
        batch, until = Batch.from_wire(data["batch"]), float(data["until"])  # one that cannot be read is lost
        if worker is None or not self.results.follows(name, profile, int(data["number"])):
            return
        if self.begin and profile in self.results.series:
            self.results.add(name, profile, batch, at=worker.last_seen, until=until, late=float(data["late"]))
            self.results.series[profile].cut_off += int(data["cut_off"])
        if data["done"]:
            worker.plays.discard(profile)

    def _heard(self, data: Mapping[str, Any]) -> Worker | None:
        """Return the worker that says this, if it takes part in the run that goes on, and note that it lives."""
        if self.plan is None or self.verdict is not None or data["run"] != self.plan.run_id:
            return None
        worker = self.results.workers.get(data["worker"])
        if worker is not None:
            worker.last_seen = time.monotonic()
        return worker

    # -- what it does by itself --------------------------------------------------------------------------------------

    def _make_plan(self) -> Plan:
        target = self.target
        plan = make_plan(self.environment, target, orders_now(self.environment, self.orders))
        budgets = target.budgets.for_stage(target.deployment.platform, "load").values()
        for name, profile in plan.profiles.items():
            thresholds = thresholds_of(budgets, profile.metric)
            self.tracks[name] = Track.of(profile, plan.shape, thresholds, target.budgets.load)
        return plan

    def pick_shape(self, name: str | None) -> None:
        """Choose the class of a shape by its name; without one, the shape of the first profile that was chosen."""
        pick_shape(self.environment, self.target, self.orders, name)

    def _refuse(self, words: str) -> None:
        self.refused = Redactor.of(self.target.deployment).text(words)
        runners.logger.error("Refused: %s", self.refused)
        finding = Finding("load.refused", "load", Status.INVALID, title="Load is allowed here", summary=self.refused)
        self._conclude((finding,))

    def _loop(self) -> None:
        looked = time.monotonic()
        while True:
            gevent.sleep(STEP)
            stood, looked = time.monotonic() - looked - STEP, time.monotonic()
            if stood > STEP:
                self.results.forgive(stood)
            if self.plan is not None and self.verdict is None:
                try:
                    self._step(self.plan, time.monotonic())
                except Exception as error:  # noqa: BLE001 - no load may go on that nobody judges
                    runners.logger.exception("The session itself broke")
                    self._end_early(End.BOUND, f"Postflight itself broke: {type(error).__name__}: {error}")
                    self._finish(End.BOUND)

    def _step(self, plan: Plan, now: float) -> None:
        if self.begin:
            self._judge()
            self._stop_where_due(plan, now)
        else:
            self._go_when_ready(plan, now)
        late = bool(self.told_to_stop) and now > self.told_to_stop + GRACE
        if late:
            self.results.lose_unfinished(f"had not ended {GRACE:g} s after it was told to")
        if late or self.results.ended:
            self._finish(self.end or End.WHOLE)

    def _go_when_ready(self, plan: Plan, now: float) -> None:
        workers = self.results.workers.values()
        if not any(worker.waits_for for worker in workers) or now > self._asked + PREPARE_DEADLINE:
            for worker in workers:
                worker.last_seen = now
                if worker.waits_for:
                    worker.trouble = f"was not ready within {PREPARE_DEADLINE:g} s"
            day = time.time()
            self.begin = math.ceil(day + LEAD)
            self._since = now + self.begin - day
            warm_up = plan.shape.warm_up
            self.results.series = {name: Series(self.begin, warm_up) for name in plan.profiles}
            if any(worker.trouble for worker in workers):
                self._end_early(End.BOUND, next(worker.trouble for worker in workers if worker.trouble))
            else:
                # how long it is until then: the clocks of hosts need not agree
                self._send(GO, {"begin": self.begin, "in": self._since - time.monotonic()})

    def _judge(self) -> None:
        """Judge the windows that are over, and each limit over the whole run."""
        over = self.results.ended
        now = math.inf if over else self.results.told_until() - self.begin
        for name, track in self.tracks.items():
            series = self.results.series[name]
            track.judge(series, now)
            series.forget(0.0 if over else now)

    def _stop_where_due(self, plan: Plan, now: float) -> None:
        self.results.lose_silent(now)
        at = now - self._since
        if self.told_to_stop:
            return
        for name, track in self.tracks.items():
            if track.broken:
                self._end_early(End.BROKEN, track.broken)
                return
            series = self.results.series[name]
            last = [Pace(t.ended, t.failed) for s, t in sorted(series.seconds.items()) if s < at - 1]
            sent = series.total.ended + series.warm.ended
            highest = self.target.deployment.limits["max_rate"].value
            if why := must_stop(at, plan.shape.seconds, sent, last, self.target.budgets.load, highest):
                storm = "failed" in why
                self._end_early(End.STORM if storm else End.BOUND, why)
                return
        told = self.results.told_until() - self.begin
        patient = LINGER if any(series.held(told) for series in self.results.series.values()) else PATIENCE
        if at > plan.shape.seconds + patient:
            self._end_early(End.WHOLE, "")
        if int(at) > self._told_at and at > 0:
            self._told_at = int(at)
            self._beat(int(at))

    def _end_early(self, end: End, why: str) -> None:
        self.end, self.why, self.told_to_stop = end, why, time.monotonic()
        for series in self.results.series.values():
            series.cut_short = end is not End.WHOLE
        self._send(STOP, {})

    def _send(self, kind: str, data: Mapping[str, Any]) -> None:
        runner: Any = self.environment.runner
        runner.send_message(kind, dict(data))

    def _beat(self, at: int) -> None:
        descriptor = os.environ.get(PROGRESS_VARIABLE, "")
        if not descriptor.isdigit():
            return
        for name in self.tracks:
            point = self.results.series[name].seconds.get(at - 2)
            if point is None:
                continue
            shown = point.point(at - 2)
            lights = {reading.threshold.budget.metric: reading.light for reading in self.tracks[name].readings}
            beat = Beat(at, shown.due, shown.ended, shown.failed, shown.p50, shown.p99, lights)
            try:
                os.write(int(descriptor), json.dumps(asdict(beat)).encode() + b"\n")
            except OSError:  # whoever listened is gone; the lifeline ends us
                os.environ.pop(PROGRESS_VARIABLE, None)

    def ended(self, name: str) -> Ended:
        """Return a profile's run as it is now, or was at its end."""
        track, plan = self.tracks[name], self.plan
        if plan is None:
            raise ConfigError("no run was started")
        workers = tuple(self.results.workers.items())
        end = self.end or End.WHOLE
        series = self.results.series.get(name) or Series(self.begin, plan.shape.warm_up)
        told = math.inf if self.results.ended else self.results.told_until() - self.begin
        found = track.climb.found if plan.shape.stepped else None
        return Ended(
            profile=track.profile,
            shape=plan.shape,
            series=series,
            readings=track.readings,
            workers=workers,
            end=end,
            why=self.why,
            cut_off=series.cut_off,
            found=found,
            generator_lag=self.target.budgets.load.generator_lag,
            told_until=told,
        )

    def _finish(self, end: End) -> None:
        self.end = end
        self.results.lose_unfinished()
        if self.plan is not None and self.results.series:
            self._judge()
        runs = [self.ended(name) for name in self.tracks]
        findings = tuple(finding for run in runs for finding in conclude(run))
        self._conclude(findings, runs)

    def _conclude(self, findings: tuple[Finding, ...], runs: list[Ended] | None = None) -> None:
        run_id = self.plan.run_id if self.plan else self.orders.run_id or new_run_id()
        redactor = Redactor.of(self.target.deployment)
        doc: Document = reports.make(self.target.deployment, run_id, self.started, findings, redactor)
        self.verdict = doc.verdict
        climbs = {name: track.climb.found for name, track in self.tracks.items()}
        reports.write(Path(self.orders.reports), doc, runs or [], climbs, redactor)
        runners.logger.info("Verdict: %s", doc.verdict.decision.value)
