"""`postflight load`: load in an open model, judged while it runs. Exits 0, 10, 20 or 30."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from postflight import __version__
from postflight.commands.ending import end_with_verdict
from postflight.commands.options import budgets_option, deployments_option
from postflight.config.load import Profile, Shape
from postflight.config.nearest import did_you_mean
from postflight.errors import ConfigError
from postflight.load.cleanup import cleaned_up
from postflight.load.judging.reports import make
from postflight.load.orders import Beat, Orders
from postflight.load.runner import Distribution, environment_of, run_load, worker_command
from postflight.load.safety import check_allowed
from postflight.model import Finding, Quantity, Status, Unit
from postflight.probes.preflight import network_works, preflight
from postflight.redact import Redactor
from postflight.report import document, terminal, write_reports
from postflight.report.document import Document
from postflight.run_id import new_run_id
from postflight.target import Target, opened
from postflight.verdict import decide

MASTER_PORT = 5557  # Locust's own


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    profile: str | None
    orders: Orders
    distribution: Distribution
    worker: bool
    master_host: str
    master_port: int


@click.command()
@click.argument("profile", required=False)
@click.option("--shape", help="A shape of budgets.yaml; default: the profile's own.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Flows per second at 100 %.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0, 256), help="Processes on this host.")
@click.option("--seed", default=1, show_default=True, help="Of the arrivals.")
@click.option("--base-url", help="Address of the deployment; default: as deployments.yaml says.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", help="An environment of deployments.yaml; default: the reference platform on loopback.")
@click.option("--reports", default="reports/load", show_default=True, type=click.Path(path_type=Path, file_okay=False))
@deployments_option
@budgets_option
@click.option("--i-mean-it", metavar="HOST", help="For production: its host, typed exactly.")
@click.option("--master", is_flag=True, help="Let workers of other hosts join.")
@click.option("--expect-workers", default=0, type=click.IntRange(0, 10_000), help="How many join from other hosts.")
@click.option("--bind", default="*", show_default=True, help="With --master: where they find it.")
@click.option("--worker", is_flag=True, help="Join the master at --master-host; takes no PROFILE.")
@click.option("--master-host", default="127.0.0.1", show_default=True)
@click.option("--master-port", default=MASTER_PORT, show_default=True, type=click.IntRange(1, 65535))
def load(**given: object) -> None:
    """Put a deployment under load and decide: promote (0), hold (10), roll back (20), or invalid (30).

    PROFILE and shapes are those of budgets.yaml. Requests start on a schedule whatever the deployment does, and
    latencies count from when they were due.

    On several hosts: `postflight load landing --master --expect-workers 4` on one of them, and `postflight load
    --worker --master-host HOST` on the others, with the same files and environment variables.
    """
    console = Console(highlight=False)
    options = _options(given)
    if options.worker:
        _become_worker(options)
    end_with_verdict("load test", console, lambda: _run(options, console))


def _options(given: dict[str, object]) -> Options:
    def text(name: str) -> str:
        return str(given[name] or "")

    orders = Orders(
        **{
            name: text(name)
            for name in (
                "base_url",
                "platform",
                "environment",
                "deployments",
                "budgets",
                "shape",
                "reports",
                "i_mean_it",
            )
        },
        rate=float(str(given["rate"] or 0)),
        seed=int(str(given["seed"])),
        run_id=new_run_id(),
    )
    master, workers, expect = bool(given["master"]), int(str(given["workers"])), int(str(given["expect_workers"]))
    if workers + expect == 0 or (expect and not master):
        raise click.UsageError("there must be a worker: --workers 1, or --master with --expect-workers")
    distribution = Distribution(workers)
    if master:
        distribution = Distribution(workers, True, expect, text("bind"), int(str(given["master_port"])))  # noqa: FBT003
    profile, worker = given["profile"], bool(given["worker"])
    if (profile is None) != worker:
        raise click.UsageError("name a PROFILE of budgets.yaml" if profile is None else "--worker takes no PROFILE")
    name = None if profile is None else str(profile)
    return Options(name, orders, distribution, worker, text("master_host"), int(str(given["master_port"])))


def _become_worker(options: Options) -> None:
    """Turn this process into Locust's worker: it ends when its master does."""
    command = worker_command(options.orders, options.master_host, options.master_port)
    os.execve(command[0], command, environment_of(options.orders))  # noqa: S606 - our own interpreter, no shell


def _run(options: Options, console: Console) -> Document:
    orders = options.orders
    reports = Path(orders.reports)
    (reports / "verdict.json").unlink(missing_ok=True)  # a stale verdict must never be taken for this run's
    with ExitStack() as resources:
        target = resources.enter_context(opened(orders.wanted()))
        profile, shape = _chosen(target, options.profile or "", orders)
        check_allowed(target.deployment, profile, shape, i_mean_it=orders.i_mean_it or None)
        orders = replace(orders, shape=shape.name)
        _announce(console, target, profile, shape, options)
        redactor = Redactor.of(target.deployment)
        seen = preflight(target.deployment, orders.run_id, redactor)
        if seen.status is Status.GOOD:
            show = _Progress(console, shape)
            with cleaned_up(target.deployment, profile.name, orders.run_id) as left:
                doc = run_load(
                    profile.name,
                    shape,
                    orders,
                    distribution=options.distribution,
                    ready=target.ready,
                    on_beat=show.beat,
                )
            if left.removed:
                words = f"removed {len(left.removed)} projects of killed processes: {', '.join(left.removed)}"
                console.print(terminal.plain(words, "yellow"))
            doc = _with(doc, (*left.findings(), *_doubt_the_network(doc, target, orders.run_id)))
        else:
            doc = _grounded(target, seen, orders, redactor)
    write_reports(reports, doc)
    console.print()
    terminal.show(console, doc, reports=str(reports))
    return doc


def _chosen(target: Target, name: str, orders: Orders) -> tuple[Profile, Shape]:
    """Return the profile and shape that are meant. Raises `ConfigError` that names the choices."""
    settings = target.budgets.load
    if name not in settings.profiles:
        hint = did_you_mean(name, settings.profiles)
        raise ConfigError(f"budgets.yaml has no load profile {name!r}{hint}")
    profile = settings.profiles[name]
    wanted = orders.shape or profile.shape
    if wanted not in settings.shapes:
        raise ConfigError(f"budgets.yaml has no shape {wanted!r}{did_you_mean(wanted, settings.shapes)}")
    return replace(profile, rate=orders.rate or profile.rate), settings.shapes[wanted]


def _announce(console: Console, target: Target, profile: Profile, shape: Shape, options: Options) -> None:
    base_url, rate = target.deployment.base_url, Quantity(profile.rate, Unit.PER_SECOND)
    console.print(terminal.plain(f"Postflight {__version__}, run {options.orders.run_id}: {base_url}", "dim"))
    workers = options.distribution.workers + options.distribution.expect
    plural = "" if workers == 1 else "s"
    words = f"{profile.name}, {shape.name}: {rate}, {shape.seconds:g} s, {workers} worker{plural}"
    console.print(terminal.plain(words, "bold"))


class _Progress:
    """Prints a line each second, or each ten of a long run: the same on a terminal and in a log."""

    def __init__(self, console: Console, shape: Shape) -> None:
        self._console = console
        self._every = 1 if shape.seconds <= 60 else 10
        self._next = 0.0

    def beat(self, beat: Beat) -> None:
        """Print what a second was like, and which limits are not good."""
        if beat.at < self._next:
            return
        self._next = beat.at + self._every
        p50, p99 = ("-" if value is None else str(Quantity(value, Unit.SECONDS)) for value in (beat.p50, beat.p99))
        line = terminal.plain(
            f"  {beat.at:>5.0f} s  {beat.due:>6.0f} due  {beat.ended:>6.0f} answers  p50 {p50:>8}  p99 {p99:>8}"
        )
        if beat.failed:
            line.append_text(terminal.plain(f"  {beat.failed:.0f} failed", "red"))
        broken = [metric for metric, light in beat.lights.items() if light == "red"]
        if broken:
            line.append_text(terminal.plain(f"  broken: {', '.join(broken)}", "red"))
        self._console.print(line, soft_wrap=True)


def _doubt_the_network(doc: Document, target: Target, run_id: str) -> Sequence[Finding]:
    """Before failures are blamed on the deployment, show that our own network still works."""
    broken = any(finding.status is Status.BAD for finding in doc.verdict.findings)
    if not broken or (trouble := network_works(target.deployment, run_id)) is None:
        return ()
    words = f"the runner's own network failed during the run, so nothing that it measured counts: {trouble}"
    return [Finding("network", "run", Status.INVALID, title="network", summary=words, voids_run=True)]


def _with(doc: Document, more: Sequence[Finding]) -> Document:
    """Return the document under this command's own name, with more findings, decided again."""
    findings = (*doc.verdict.findings, *more)
    planned = [finding.check for finding in findings]
    verdict = decide(findings, planned=planned, may_roll_back=doc.about.known)
    return document.make_document(replace(doc.about, command=" ".join(["postflight", *sys.argv[1:]])), verdict)


def _grounded(target: Target, seen: Finding, orders: Orders, redactor: Redactor) -> Document:
    return make(target.deployment, orders.run_id, datetime.now(UTC), [seen], redactor)
