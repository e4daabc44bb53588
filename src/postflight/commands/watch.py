"""`postflight watch`: after the deployment, for as long as it takes to be sure. Exits 0, 10, 20 or 30."""

import asyncio
import platform
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from postflight import __version__
from postflight.commands import during_deploy
from postflight.commands.acting import Acting, act_on, go_on, stand_by
from postflight.commands.ending import end_with_verdict, polite_end
from postflight.commands.options import budgets_option, deployments_option, reports_option
from postflight.commands.remember import history_option
from postflight.commands.simulate import Duration, Ratio
from postflight.commands.telling import about, tell
from postflight.errors import ConfigError
from postflight.model import Decision, Deployment, Status, Verdict
from postflight.probes.preflight import preflight
from postflight.report.document import Document
from postflight.rollback.standby import Cause, Standby
from postflight.run_id import new_run_id
from postflight.signals.clock import SystemClock
from postflight.stats.control import Call
from postflight.stats.rules import Consecutive, Do, ErrorRate, ResponseTime, Rule, WatchPlan
from postflight.target import Target, Wanted, opened
from postflight.verdict import decide
from postflight.watch.assembly import Wiring, opened_sources
from postflight.watch.conclude import conclude
from postflight.watch.ledger import ActionLine, BlockLine, Header, Ledger, Line
from postflight.watch.lines import Lines
from postflight.watch.loop import Watch
from postflight.watch.onset import Onset
from postflight.watch.plan import LeftOut, plan_watch
from postflight.watch.replay import call_line, verdict_line
from postflight.watch.state import Record, WatchState
from postflight.watch.view import View

SHORTEST_BLOCK = 10.0  # seconds, unless asked for: three times a blip of 3 s
START = 0.2  # seconds until the first round, which must not be late because the watch is still being set up
DEFAULT_RULES: tuple[Rule, ...] = (ErrorRate(), ResponseTime(), Consecutive())  # where budgets.yaml has none


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. Times in seconds."""

    base_url: str | None
    platform: str | None
    environment: str | None
    duration: float
    every: float
    block: float | None
    alpha: float
    deadline: float
    control_url: str | None
    prometheus: str | None
    match: str
    error_table: str | None
    locust: str | None
    json_lines: bool
    act: bool
    release: str
    ledger: Path | None
    reports: Path
    deployments: Path | None
    budgets: Path | None


@click.command()
@click.option("--base-url", help="Address of the deployment; default: as deployments.yaml says.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", help="An environment of deployments.yaml; default: the reference platform on loopback.")
@click.option("--for", "duration", type=Duration(), default="30m", show_default=True, help="How long to watch.")
@click.option("--every", type=Duration(), default="5s", show_default=True, help="How often to probe.")
@click.option(
    "--block", type=Duration(), help="Three times the longest blip to tolerate. [default: 10s, or --every if longer]"
)
@click.option("--alpha", type=Ratio(), default="1%", show_default=True, help="False rollbacks allowed in the watch.")
@click.option("--deadline", type=Duration(), default="10s", show_default=True, help="For each of our requests.")
@click.option("--control-url", help="The previous deployment, probed alongside: when it breaks too, hold.")
@click.option("--prometheus", help="Address of a Prometheus server that scrapes the deployment.")
@click.option("--match", default="", help="""Its series of this deployment: 'job="web",version="2"'.""")
@click.option("--error-table", help="Table of errors in PostgreSQL (the environment's secret database_url).")
@click.option("--locust", help="Address of a running Locust's web interface: its users' requests and failures.")
@during_deploy.options
@click.option("--json-lines", is_flag=True, help="Print the ledger's lines, for machines; all else goes to stderr.")
@click.option("--act", is_flag=True, help="Roll back when that is the verdict, as deployments.yaml says.")
@click.option("--release", envvar="POSTFLIGHT_RELEASE", default="", help="What was deployed; default: it is asked.")
@click.option("--ledger", type=click.Path(path_type=Path), help="[default: ledger-RUN.jsonl among the reports]")
@reports_option
@deployments_option
@budgets_option
@history_option
def watch(**given: object) -> None:
    """Watch a deployment and decide: promote (0), hold (10), roll back (20), or invalid (30).

    The triggers are those of budgets.yaml. With --act the steps of `rollback:` in deployments.yaml follow, exactly once
    for each release; without it they are only said. Ctrl-C ends the watch with the verdict that its evidence allows.
    """
    during = during_deploy.taken(given)
    if during is not None:
        during_deploy.watch(given, during)
    options = Options(**given)  # type: ignore[arg-type]  # click has checked the types
    console = Console(stderr=options.json_lines, highlight=False)
    end_with_verdict("watch", console, lambda: Session(options, console).run())


class Session:
    """One watch, from its options to its reports."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._run_id = new_run_id()
        self._started = _utc()
        self._ledger = options.ledger or options.reports / f"ledger-{self._run_id}.jsonl"

    def run(self) -> Document:
        """Resolve, look once, watch, decide, report. Raises `PostflightError` for what cannot be watched at all."""
        options = self._options
        (options.reports / "verdict.json").unlink(missing_ok=True)  # a stale verdict must never be taken for this one
        wanted = Wanted(options.base_url, options.platform, options.environment, options.deployments, options.budgets)
        with opened(wanted) as target:
            rules = target.budgets.rules_of(target.deployment.platform) or DEFAULT_RULES
            wiring = self._wiring(rules)
            plan, left_out = plan_watch(
                rules, wiring.signals, alpha=options.alpha, duration=options.duration, block=self._block
            )
            acting = Acting(options.act, options.release, options.reports, options.deployments, options.budgets)
            standby = stand_by(target, acting, self._run_id, self._console)
            if standby is not None:
                go_on(standby, acting, self._console)
            seen = preflight(target.deployment, self._run_id)
            if seen.status is Status.INVALID:
                verdict = decide([seen], planned=[seen.check], may_roll_back=target.deployment.known)
            else:  # a deployment that does not answer is watched all the same: it may just be starting
                with Ledger(self._ledger) as ledger:
                    with standby.following() if standby is not None and options.act else nullcontext():
                        verdict, cause = asyncio.run(self._watch(target, plan, left_out, wiring, ledger))
                    if standby is not None and cause is not None:
                        self._act(standby, cause, acting, ledger)
            return self._finish(target.deployment, verdict)

    @property
    def _block(self) -> float:
        block = self._options.block or min(max(SHORTEST_BLOCK, self._options.every), self._options.duration)
        if block < self._options.every:
            raise ConfigError(f"a block of {block:g} s is shorter than the time between two probes: lower --every")
        return block

    def _wiring(self, rules: tuple[Rule, ...]) -> Wiring:
        options = self._options
        slowest = max((rule.slower_than for rule in rules if isinstance(rule, ResponseTime)), default=0.0)
        if options.deadline <= slowest:
            raise ConfigError(f"--deadline must be longer than the response time that is judged, {slowest:g} s")
        return Wiring(
            options.every,
            options.deadline,
            options.control_url,
            options.prometheus,
            options.match,
            options.error_table,
            options.locust,
        )

    async def _watch(
        self, target: Target, plan: WatchPlan, left_out: tuple[LeftOut, ...], wiring: Wiring, ledger: Ledger
    ) -> tuple[Verdict, Cause | None]:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        clock = SystemClock()
        origin = clock.now() + START
        state = WatchState.start(plan, with_control=wiring.control_url is not None)
        header = self._header(target.deployment, plan, left_out, wiring)
        self._keep(ledger, header)
        view = View(header, clock, origin, state)
        show, live = self._display(view)

        onset = Onset(datetime.now(UTC) + timedelta(seconds=START), plan.block)

        def on_block(record: Record, now: WatchState, seconds: Sequence[float]) -> None:
            onset.update(record)
            self._keep(ledger, BlockLine("block", _utc(), record, now.digits))
            for called in now.calls:
                if called.number == record.number:
                    self._keep(ledger, call_line(called))
            show.block(record, now, seconds)

        opening = opened_sources(target.deployment, plan, wiring, origin=origin, clock=clock, run_id=self._run_id)
        async with opening as sources:
            session = Watch(
                state, sources.of_deployment, sources.of_control, origin=origin, clock=clock, on_block=on_block
            )
            with live:
                await session.run(stop)
        interrupted = session.state.blocks < plan.blocks and not session.state.decided
        verdict = conclude(session.state, left_out, may_roll_back=target.deployment.known, interrupted=interrupted)
        self._keep(ledger, verdict_line(verdict, interrupted=interrupted))
        return verdict, _cause(session.state, verdict, onset)

    def _act(self, standby: Standby, cause: Cause, acting: Acting, ledger: Ledger) -> None:
        with polite_end():  # the watch had handlers of its own for Ctrl-C and SIGTERM
            done = act_on(standby, cause, acting, self._console)
        for outcome in done.outcomes if done is not None and acting.act else ():
            self._keep(ledger, ActionLine("action", _utc(), outcome.action, outcome.stage.value, outcome.evidence))

    def _display(self, view: View) -> tuple[View | Lines, AbstractContextManager[object]]:
        if self._console.is_terminal and not self._options.json_lines:
            return view, view.live(self._console)
        return Lines(self._console), nullcontext()

    def _keep(self, ledger: Ledger, line: Line) -> None:
        text = ledger.append(line)
        if self._options.json_lines:
            click.echo(text)

    def _header(self, deployment: Deployment, plan: WatchPlan, left_out: tuple[LeftOut, ...], wiring: Wiring) -> Header:
        return Header(
            kind="header",
            version=1,
            postflight=__version__,
            python=platform.python_version(),
            run_id=self._run_id,
            platform=deployment.platform,
            environment=deployment.environment,
            base_url=deployment.base_url,
            known=deployment.known,
            control_url=wiring.control_url,
            sources=wiring.signals,
            started=self._started,
            every=wiring.every,
            alpha=plan.alpha,
            duration=plan.duration,
            block=plan.block,
            rules=plan.rules,
            left_out=left_out,
        )

    def _finish(self, deployment: Deployment, verdict: Verdict) -> Document:
        run = about(deployment, self._run_id, self._started, release=self._options.release)
        return tell(self._console, self._options.reports, run, verdict, note=f"every block is in {self._ledger}")


def _cause(state: WatchState, verdict: Verdict, onset: Onset) -> Cause | None:
    """Return why to roll back: the trigger that called first for what cannot wait. None for any other verdict."""
    called = [each for each in state.calls if each.judgement.call is Call.ACT and each.do is not Do.HOLD]
    if verdict.decision is not Decision.ROLLBACK or not called:
        return None
    reasons = [reason.text for reason in verdict.reasons if reason.decision is Decision.ROLLBACK]
    first = called[0]
    return Cause(first.trigger, first.do, reasons, onset.of(first.trigger).isoformat(timespec="seconds"))


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
