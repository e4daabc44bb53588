"""`postflight gate`: the post-deploy gate. Runs the suites as stages, decides once, and exits 0, 10, 20 or 30."""

import os
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from postflight import __version__
from postflight.commands.acting import Acting, act_on, go_on, stand_by
from postflight.commands.ending import end_with_verdict
from postflight.commands.options import budgets_option, deployments_option, reports_option
from postflight.commands.parts import Part, choose_parts
from postflight.commands.remember import earlier_runs, history_option, note_files
from postflight.commands.telling import about, tell
from postflight.commands.weights import hand_in, take_out
from postflight.errors import CannotMeasure, ConfigError
from postflight.exhibits import within
from postflight.model import Decision, Deployment, Finding, OnBreach, Status, Verdict
from postflight.probes.preflight import preflight
from postflight.redact import Redactor
from postflight.reference_process import READY_VARIABLE
from postflight.report import document, terminal
from postflight.report.document import Document
from postflight.rollback.standby import Cause
from postflight.run_id import RUN_ID_VARIABLE, new_run_id
from postflight.stage_process import PHASES, STAGE_VARIABLE, STAGES, Progress, StageEnd, run_stage
from postflight.stats.rules import Do
from postflight.target import Wanted, opened
from postflight.verdict import decide

# decided once, by the gate: after `--` they would make a stage verify something else than the gate reports on
OWN_OPTIONS = ("--base-url", "--platform", "--environment", "--reports", "--deployments", "--budgets", "--covers")

INTERRUPTED = "was interrupted (Ctrl-C, or a cancelled job) before everything was verified"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    base_url: str | None
    platform: str | None
    environment: str | None
    stages: tuple[str, ...]
    reports: Path
    deployments: Path | None
    budgets: Path | None
    deadline: float
    fail_fast: bool
    act: bool
    release: str
    pytest_arguments: tuple[str, ...]


@click.command()
@click.option("--base-url", help="Address of the deployment; default: as deployments.yaml says.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", help="An environment of deployments.yaml; default: the reference platform on loopback.")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice((*STAGES, *PHASES)),
    help="Only this stage, or the stage set of a phase in deployments.yaml; may be repeated.",
)
@reports_option
@deployments_option
@budgets_option
@click.option("--deadline", default=900.0, show_default=True, type=click.FloatRange(1), help="Seconds for all stages.")
@click.option(
    "--release",
    envvar="POSTFLIGHT_RELEASE",
    default="",
    help="What was deployed: v7, a commit. It is rolled back once.",
)
@history_option
@click.option("--fail-fast", is_flag=True, help="Stop after the first stage that is not promote.")
@click.option("--act", is_flag=True, help="Roll back when that is the verdict, as deployments.yaml says.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def gate(**given: object) -> None:
    """Verify a deployment and decide: promote (0), hold (10), roll back (20), or invalid (30).

    Arguments after `--` are pytest's, for example `postflight gate --stage smoke -- -n auto`.
    """
    console = Console(highlight=False)
    end_with_verdict("gate", console, lambda: Gate(Options(**given), console).run())  # type: ignore[arg-type]  # click has checked the types


class Gate:
    """One run of the gate."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._run_id = new_run_id()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._until = time.monotonic() + options.deadline
        self._findings: list[Finding] = []
        self._browser = ""

    def run(self) -> Document:
        """Run preflight and stages, decide, report."""
        options = self._options
        _refuse_own_options((*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *options.pytest_arguments))
        (options.reports / "verdict.json").unlink(missing_ok=True)  # a stale verdict must never be taken for this run's
        with ExitStack() as resources:
            wanted = Wanted(
                options.base_url, options.platform, options.environment, options.deployments, options.budgets
            )
            target = resources.enter_context(opened(wanted))
            deployment, redactor = target.deployment, Redactor.of(target.deployment)
            environment = dict(os.environ) | ({READY_VARIABLE: target.ready} if target.ready else {})
            self._console.print(
                terminal.plain(f"Postflight {__version__}, run {self._run_id}: {deployment.base_url}", "dim")
            )
            parts = choose_parts(options.stages or _stages_here(), deployment)
            acting = Acting(options.act, options.release, options.reports, options.deployments, options.budgets)
            standby = stand_by(target, acting, self._run_id, self._console) if options.act else None
            if standby is not None:
                go_on(standby, acting, self._console)
            seen = preflight(deployment, self._run_id, redactor)
            self._findings.append(seen)
            self._tell(Progress(1, seen.title, seen.status, seen.seconds))
            if seen.status is Status.GOOD:
                try:
                    self._run_parts(parts, deployment, environment)
                except KeyboardInterrupt:  # a cancelled job decides nothing, also when it has found something bad
                    self._findings.append(replace(self._broken("gate", INTERRUPTED), voids_run=True))
            checks = [finding.check for finding in self._findings]
            verdict = decide(self._findings, planned=checks, may_roll_back=deployment.known)
            try:
                return self._finish(deployment, verdict)
            finally:  # also when the reports cannot be written: a full disk is no reason to leave users with it
                if standby is not None and verdict.decision is Decision.ROLLBACK:
                    reasons = [reason.text for reason in verdict.reasons if reason.decision is Decision.ROLLBACK]
                    cause = Cause("gate", Do.IMMEDIATE_ROLLBACK, reasons, self._started)
                    act_on(standby, cause, acting, self._console)

    def _run_parts(self, parts: Sequence[Part], deployment: Deployment, environment: Mapping[str, str]) -> None:
        for part in parts:
            self._console.print(terminal.plain(part.name, "bold"))
            found: list[Finding] = []
            for stage in part.stages:
                try:
                    found += self._run_one(part, stage, deployment, environment)
                except CannotMeasure as error:
                    found.append(self._broken(part.path(stage), str(error)))
                if self._options.fail_fast and _is_troubled(found):
                    break
            else:  # all that belongs to the set was run
                found += [self._broken(part.name, words) for words in part.gaps(found)]
            self._findings += self._distinct(part, found)
            self._tell_verdict(part, found, deployment)
            if self._options.fail_fast and _is_troubled(found):
                return

    def _distinct(self, part: Part, found: Sequence[Finding]) -> list[Finding]:
        """Return a set's findings as its own. A check that is in two sets has a verdict in each."""
        if not part.is_set:
            return list(found)
        seen = {finding.check for finding in self._findings}
        ids = [f"{f.check} [{part.name}]" if f.check in seen else f.check for f in found]
        return [replace(f, check=check, stage=part.name) for f, check in zip(found, ids, strict=True)]

    def _tell_verdict(self, part: Part, found: Sequence[Finding], deployment: Deployment) -> None:
        own = decide(found, planned=[finding.check for finding in found], may_roll_back=deployment.known)
        line = terminal.plain(f"  {part.name}: ", "dim")
        self._console.print(line.append_text(terminal.plain(own.decision.value, terminal.STYLE[own.decision])))

    def _run_one(self, part: Part, stage: str, deployment: Deployment, environment: Mapping[str, str]) -> list[Finding]:
        """Run one stage and return its findings. Raises `CannotMeasure` when it has no verdict of its own."""
        if not Path(stage).is_dir():
            raise CannotMeasure(f"there is no folder {stage}/ here: run the gate where the suites are")
        if (left := self._until - time.monotonic()) <= 0:
            raise CannotMeasure(f"was not run: {self._too_late}")
        reports = self._options.reports / part.path(stage)
        run_id = f"{self._run_id}-{part.path(stage).replace('/', '-')}"
        (reports / "verdict.json").unlink(missing_ok=True)
        told = {RUN_ID_VARIABLE: run_id, STAGE_VARIABLE: stage, **hand_in(reports, deployment)}
        end = run_stage(
            self._arguments(stage, reports, part.covers),
            environment=dict(environment) | told,
            log=reports / "pytest.log",
            deadline=left,
            on_progress=self._tell,
        )
        try:
            doc = document.read(reports / "verdict.json", run_id=run_id)
            _distrust(doc, end, deployment)
        except CannotMeasure as error:
            late = f"{self._too_late}; " if end.timed_out else ""
            raise CannotMeasure(f"{late}{error}; what pytest said is in {reports}/pytest.log") from error
        note_files(take_out(reports))
        self._browser = doc.about.browser or self._browser
        found = [
            replace(
                finding,
                evidence=tuple(f"{part.path(stage)}/{path}" for path in finding.evidence),
                exhibits=tuple(within(one, part.path(stage)) for one in finding.exhibits),
            )
            for finding in doc.verdict.findings
            if not (finding.check == "preflight" and finding.status is Status.GOOD)
        ]
        if not found:
            found.append(self._broken(part.path(stage), "verified nothing: no check was collected, or none was chosen"))
        if end.timed_out:
            found.append(self._broken(part.path(stage), f"was interrupted: {self._too_late}"))
        return found

    @property
    def _too_late(self) -> str:
        return f"the gate's deadline of {self._options.deadline:g} s has passed"

    def _arguments(self, stage: str, reports: Path, covers: Sequence[str]) -> list[str]:
        options = self._options
        # with "=": a value by itself pytest takes for a path, and its folder for the root, before it knows our options
        arguments = [stage, "-m", stage, f"--reports={reports}", "--color=no"]
        named = {
            "--base-url": options.base_url,
            "--platform": options.platform,
            "--environment": options.environment,
            "--deployments": options.deployments,
            "--budgets": options.budgets,
        }
        for option, value in named.items():
            arguments += [f"{option}={value}"] if value else []
        arguments += [f"--covers={requirement}" for requirement in covers]
        return [*arguments, *options.pytest_arguments]

    def _broken(self, stage: str, words: str) -> Finding:
        check = stage if stage == "gate" else f"stage {stage}"
        return Finding(check, stage, Status.INVALID, title=check, summary=words)

    def _tell(self, progress: Progress) -> None:
        """Print one line for each check as it ends: the same on a terminal and in a log."""
        if progress.status is not None:
            line = terminal.plain(f"  {progress.status.value:<9}", terminal.STATUS_STYLE[progress.status])
            line.append_text(terminal.plain(f"{progress.title}  "))
            line.append_text(terminal.plain(f"{progress.seconds:.1f} s", "dim"))
            self._console.print(line, soft_wrap=True)  # one line of a log is one check

    def _finish(self, deployment: Deployment, verdict: Verdict) -> Document:
        run = about(deployment, self._run_id, self._started, browser=self._browser, release=self._options.release)
        return tell(self._console, self._options.reports, run, verdict, past=earlier_runs("gate", run))


def _stages_here() -> list[str]:
    """Return the stages that have tests in this folder."""
    return [stage for stage in STAGES if any(Path(stage).rglob("test_*.py"))]


def _is_troubled(found: Iterable[Finding]) -> bool:
    """Whether anything found keeps this from being promoted."""
    return any(f.status not in {Status.GOOD, Status.EXCLUDED} and f.on_breach is not OnBreach.WARN for f in found)


def _refuse_own_options(arguments: Sequence[str]) -> None:
    for argument in arguments:
        if (option := argument.partition("=")[0]) in OWN_OPTIONS:
            raise ConfigError(f"{option} is an option of the gate itself: write it before `--`, not in $PYTEST_ADDOPTS")
        if argument.startswith("@"):
            raise ConfigError(f"{argument}: write the options themselves: a file could hold those of the gate")


def _distrust(doc: Document, end: StageEnd, deployment: Deployment) -> None:
    """Raise `CannotMeasure` for a verdict about something else, or that the end of its process contradicts."""
    about = doc.about
    told = (about.platform, about.environment, about.base_url)
    if told != (deployment.platform, deployment.environment, deployment.base_url):
        raise CannotMeasure(f"its verdict is about {about.base_url} ({about.platform}/{about.environment})")
    if doc.verdict.decision is Decision.PROMOTE and end.exit_code != 0:
        raise CannotMeasure(f"its verdict is promote, but pytest ended with exit code {end.exit_code}")
