"""`postflight watch --during-deploy`: accounts for every request of a switch between releases. Exits as watches do."""

import asyncio
import math
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console

from postflight.commands.ending import end_with_verdict
from postflight.commands.simulate import Duration
from postflight.commands.telling import about, tell
from postflight.errors import ConfigError
from postflight.flow import Response
from postflight.model import Deployment, Finding, Status
from postflight.probes.preflight import preflight
from postflight.redact import Redactor
from postflight.report.document import Document
from postflight.run_id import new_run_id
from postflight.signals.canary import Canary
from postflight.signals.clock import SystemClock
from postflight.signals.endpoints import Endpoint, control_endpoints_of
from postflight.signals.http import open_http
from postflight.stats.rules import ResponseTime
from postflight.target import Target, Wanted, opened
from postflight.verdict import decide
from postflight.watch.assembly import MOST_REQUESTS, Network, latest
from postflight.watch.transition import files
from postflight.watch.transition.account import Account, account_of
from postflight.watch.transition.judge import findings_of
from postflight.watch.transition.view import Teller, show
from postflight.watch.transition.visits import Pace, Visits

START = 0.2  # seconds until the first request
MOST_VISITS = 500_000
_SLOW = 2.0  # seconds, where budgets.yaml has no response time


_NOT_HERE = ("control_url", "prometheus", "error_table", "locust", "block", "ledger")  # options of the other watch


@dataclass(frozen=True, slots=True)
class During:
    """The options that only this watch has. `settle` in seconds."""

    rate: float
    settle: float
    version_header: str | None


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. Times in seconds."""

    wanted: Wanted
    pace: Pace
    deadline: float
    version_header: str | None
    json_lines: bool
    reports: Path


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of this watch to the command `postflight watch`."""
    for option in reversed(
        (
            click.option(
                "--during-deploy", is_flag=True, help="Account for every request of a switch between releases."
            ),
            click.option(
                "--rate",
                type=click.FloatRange(0.1, 200),
                default=50.0,
                show_default=True,
                help="With --during-deploy: requests a second.",
            ),
            click.option(
                "--settle",
                type=Duration(),
                default="100s",
                show_default=True,
                help="With --during-deploy: go on for so long after the version last changed.",
            ),
            click.option(
                "--version-header", help="With --during-deploy: names the release. [default: x-PLATFORM-version]"
            ),
        )
    ):
        command = option(command)
    return command


def taken(given: dict[str, Any]) -> During | None:
    """Take this watch's options out of those that the command was given; None when the other watch is meant."""
    during = During(given.pop("rate"), given.pop("settle"), given.pop("version_header"))
    return during if given.pop("during_deploy") else None


def watch(given: Mapping[str, Any], during: During) -> NoReturn:
    """Run, and exit with the verdict."""
    console = Console(stderr=given["json_lines"], highlight=False)

    def run() -> Document:
        for name in _NOT_HERE:
            if given[name] is not None:
                raise ConfigError(
                    f"--{name.replace('_', '-')} does not go with --during-deploy, which asks one address"
                )
        if given["act"]:
            raise ConfigError(
                "--act does not go with --during-deploy, which accounts for a switch; roll back with `watch --act`"
                " after it, or with `postflight rollback`"
            )
        places = ("base_url", "platform", "environment", "deployments", "budgets")
        wanted = Wanted(*(given[name] for name in places))
        pace = Pace(during.rate, given["duration"], during.settle)
        chosen = Options(wanted, pace, given["deadline"], during.version_header, given["json_lines"], given["reports"])
        return Session(chosen, console).run()

    end_with_verdict("watch", console, run)


class Session:
    """One switch, from the options to the reports."""

    def __init__(self, options: Options, console: Console) -> None:
        """Check that this is a plan. Raises `ConfigError`."""
        pace = options.pace
        self._at_once = math.ceil(pace.rate * options.deadline)
        if self._at_once > MOST_REQUESTS:
            raise ConfigError(
                f"{pace.rate:g} requests a second with a deadline of {options.deadline:g} s may mean {self._at_once}"
                f" requests of ours at once, more than {MOST_REQUESTS}: use a lower --rate or a shorter --deadline"
            )
        if pace.rate * pace.longest > MOST_VISITS:
            raise ConfigError(f"--rate and --for ask for more than {MOST_VISITS} requests: lower one of them")
        self._options = options
        self._console = console
        self._run_id = new_run_id()
        self._started = _utc()

    def run(self) -> Document:
        """Resolve, look once, send, judge, report. Raises `PostflightError` for what cannot be watched at all."""
        options = self._options
        (options.reports / "verdict.json").unlink(missing_ok=True)  # a stale verdict must never be taken for this one
        with opened(options.wanted) as target:
            seen = preflight(target.deployment, self._run_id)
            if seen.status is Status.INVALID:
                return self._finish(target.deployment, [seen])
            account = asyncio.run(self._visit(target))
            return self._finish(target.deployment, findings_of(account), account)

    async def _visit(self, target: Target) -> Account:
        deployment, options = target.deployment, self._options
        rules = target.budgets.rules_of(deployment.platform)
        slow = min((rule.slower_than for rule in rules if isinstance(rule, ResponseTime)), default=_SLOW)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        clock, redactor = SystemClock(), Redactor.of(deployment)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(
                open_http(
                    run_id=self._run_id,
                    ca_file=deployment.ca_file,
                    redactor=redactor,
                    connections=self._at_once + 10,
                )
            )
            canary = await stack.enter_async_context(Canary(clock, late=latest(slow)))

            async def fetch(endpoint: Endpoint) -> Response:
                return await http.get(endpoint.url, deadline=options.deadline)

            visits = Visits(
                endpoints=control_endpoints_of(deployment, deployment.base_url),
                pace=options.pace,
                origin=clock.now() + START,
                clock=clock,
                fetch=fetch,
                canary=canary.trouble,
                network=Network(deployment, http, canary, clock).trouble,
                slower_than=slow,
                version_header=options.version_header or f"x-{deployment.platform}-version",
                on_visit=Teller(self._console).tell,
            )
            await visits.run(stop)
        return account_of(visits.made, visits.troubles)

    def _finish(self, deployment: Deployment, findings: list[Finding], account: Account | None = None) -> Document:
        redactor = Redactor.of(deployment)
        verdict = decide(findings, planned=[each.check for each in findings], may_roll_back=deployment.known)
        reports = self._options.reports
        reports.mkdir(parents=True, exist_ok=True)
        note = ""
        if account is not None:
            files.write(reports, account, run_id=self._run_id, redactor=redactor)
            note = f"every request is in {reports / files.REQUESTS}"
            if self._options.json_lines:
                click.echo((reports / files.REQUESTS).read_text(), nl=False)
            show(self._console, account)
        return tell(self._console, reports, about(deployment, self._run_id, self._started), verdict, note=note)


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
