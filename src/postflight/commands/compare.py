"""`postflight compare`: is the new deployment slower than the old one? Side by side, so that noise never decides."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from playwright.sync_api import Browser
from rich.console import Console

from postflight.commands import compare_pages
from postflight.commands.ending import end_with_verdict
from postflight.commands.options import deployments_option, reports_option
from postflight.commands.remember import history_option
from postflight.commands.simulate import Duration, Ratio
from postflight.commands.telling import about, tell
from postflight.errors import CannotMeasure, ConfigError, DeploymentFault, NotEnoughEvidence, PostflightError
from postflight.model import Deployment, Finding, Measurement, OnBreach, Status, Unit
from postflight.probes.client import Client
from postflight.probes.pace import pause_between
from postflight.probes.preflight import preflight
from postflight.probes.rounds import Sides
from postflight.report import terminal
from postflight.report.document import Document
from postflight.run_id import new_run_id
from postflight.stats.paired import Change, Comparison, Round, compare
from postflight.target import Wanted, opened
from postflight.verdict import decide

FIRST_LOOK = 100  # rounds; each further look doubles them
STAGE = "compare"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for. Times in seconds."""

    old_url: str
    new_url: str
    paths: tuple[str, ...]
    pages: tuple[str, ...]
    margin: float
    alpha: float
    rounds: int
    warm_up: int
    deadline: float
    reports: Path
    deployments: Path | None

    @property
    def requested(self) -> tuple[str, ...]:
        """The paths whose requests are timed, each once: `/`, when nothing was said, and none when only pages were."""
        return tuple(dict.fromkeys(self.paths or (() if self.pages else ("/",))))

    @property
    def visited(self) -> tuple[str, ...]:
        """The paths of the pages that are visited, each once."""
        return tuple(dict.fromkeys(self.pages))

    @property
    def share(self) -> float:
        """The wrong answers allowed for each of them."""
        return self.alpha / (len(self.requested) + len(self.visited))

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of rounds at which it is asked whether they suffice."""
        doubled = [FIRST_LOOK]
        while doubled[-1] * 2 <= self.rounds:
            doubled.append(doubled[-1] * 2)
        return tuple(doubled)


@click.command("compare")
@click.argument("old_url")
@click.argument("new_url")
@click.option(
    "--path", "paths", multiple=True, help="Time requests to this; may be repeated.  [default: /, without --page]"
)
@click.option("--page", "pages", multiple=True, help="Visit this in a browser, too: bytes, CPU, LCP; may be repeated.")
@click.option(
    "--margin", type=Ratio(), default="5%", show_default=True, help="Slower by less than this does not matter."
)
@click.option("--alpha", type=Ratio(), default="1%", show_default=True, help="Wrong answers allowed, in all.")
@click.option("--rounds", type=click.IntRange(FIRST_LOOK, 100_000), default=1600, show_default=True, help="At most.")
@click.option("--warm-up", type=click.IntRange(0, 100_000), default=100, show_default=True, help="Requests to each.")
@click.option("--deadline", type=Duration(), default="5m", show_default=True, help="For all.")
@reports_option
@deployments_option
@history_option
def command(**given: object) -> None:
    """Compare the latency or the pages of NEW_URL with those of OLD_URL, in interleaved rounds with a control.

    Exits 0 when the new one is not slower, 10 when it is, or when the rounds do not decide, and 30 when they cannot be
    measured. One request at a time; off this machine, and without `load` in deployments.yaml, at most 20 a second.
    """
    console = Console(highlight=False)
    end_with_verdict("comparison", console, lambda: Session(Options(**given), console).run())  # type: ignore[arg-type]  # click has checked the types


class Session:
    """One comparison, from its options to its reports."""

    def __init__(self, options: Options, console: Console) -> None:
        self._options = options
        self._console = console
        self._run_id = new_run_id()
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._until = time.monotonic() + options.deadline
        self._browser = ""
        self._chance = random.Random(self._run_id)  # noqa: S311 - the order of requests

    def run(self) -> Document:
        """Look at both, compare path by path, decide, report."""
        options = self._options
        if not 0 < options.margin <= 1 or not 0 < options.alpha < 1:
            raise ConfigError("--margin and --alpha must be above 0, --margin at most 100%, --alpha below it")
        (options.reports / "verdict.json").unlink(missing_ok=True)  # a stale verdict must never be taken for this one
        with ExitStack() as stack:
            old, new = (
                stack.enter_context(opened(Wanted(url, None, None, options.deployments))).deployment
                for url in (options.old_url, options.new_url)
            )
            if old.base_url == new.base_url:
                raise ConfigError(
                    f"{old.base_url} is both the old and the new deployment: a thing is never slower than itself"
                )
            findings = self._looked_at(old, new)
            if not findings:
                clients = [stack.enter_context(Client(each, self._run_id)) for each in (old, new)]
                sides = Sides(clients[0], clients[1], pause_between(old, new))
                ends = share_time(self._until, len(options.requested) + len(options.visited))
                findings = [
                    self._judged(path, sides, new, end) for path, end in zip(options.requested, ends, strict=False)
                ]
                findings += self._judged_pages(old, new, ends) if options.visited else []
        return self._finish(findings, new)

    def _looked_at(self, old: Deployment, new: Deployment) -> list[Finding]:
        """Return what forbids a comparison: an old deployment that is not well is our trouble, a new one is its own."""
        before = preflight(old, self._run_id)
        if before.status is not Status.GOOD:
            raise CannotMeasure(f"the old deployment is no measure: {before.summary}")
        after = preflight(new, self._run_id)
        return [] if after.status is Status.GOOD else [after]

    def _judged(self, path: str, sides: Sides, new: Deployment, until: float) -> Finding:
        name = f"compare {path}"
        base = Finding(
            name, STAGE, Status.INVALID, OnBreach.HOLD, title=f"Latency of {path}", where=new.base_url + path
        )
        try:
            sides.warm_up(path, self._options.warm_up, until)
            found = self._measure(sides.rounds(path, self._chance), until)
        except DeploymentFault as error:
            return _finding(base, Status.BAD, str(error), None, expected=error.facts.expected, seen=error.facts.seen)
        except NotEnoughEvidence as error:
            return _finding(base, Status.UNKNOWN, str(error), None)
        except PostflightError as error:
            return _finding(base, Status.INVALID, str(error), None)
        status, words = _meaning(found)
        finding = _finding(base, status, words, found)
        self._console.print(terminal.plain(f"  {status.value:<9}{path}: {words}"), soft_wrap=True)
        return finding

    def _judged_pages(self, old: Deployment, new: Deployment, ends: Iterator[float]) -> list[Finding]:
        with compare_pages.opened_browser((old, new)) as (browser, self._browser):
            pages = zip(self._options.visited, ends, strict=True)
            return [self._judged_page(path, browser, old, new, end) for path, end in pages]

    def _judged_page(self, path: str, browser: Browser, old: Deployment, new: Deployment, until: float) -> Finding:
        options, url = self._options, new.base_url + path
        base = Finding(
            f"compare page {path}", STAGE, Status.INVALID, OnBreach.HOLD, title=f"The page {path}", where=url
        )
        try:
            shown = compare_pages.compare_page(
                browser,
                old.base_url + path,
                url,
                margin=options.margin,
                alpha=options.share,
                until=until,
                chance=self._chance,
            )
        except DeploymentFault as error:
            return replace(base, status=Status.BAD, summary=str(error))
        except PostflightError as error:
            return replace(base, summary=str(error))
        found = {one.status for one in shown}
        status = next(each for each in (Status.BAD, Status.UNKNOWN, Status.GOOD) if each in found)
        words = "; ".join(one.words for one in shown if status is Status.GOOD or one.status is status)
        for one in shown:
            self._console.print(terminal.plain(f"  {one.status.value:<9}{path}: {one.words}"), soft_wrap=True)
        measured = tuple(replace(one.measurement, browser=self._browser) for one in shown)
        return replace(base, status=status, summary=words, measurements=measured)

    def _measure(self, rounds: Iterator[Round], until: float) -> Comparison:
        """Take rounds until they decide, the most are taken, or the time is over. Drops what was still warming up."""
        options = self._options
        alpha = options.share / len(options.looks)
        taken: list[Round] = []
        found: Comparison | None = None
        for look, count in enumerate(options.looks):
            for _ in range(count - (options.looks[look - 1] if look else 0)):
                taken.append(next(rounds))
                if time.monotonic() > until:
                    if found is None:
                        raise CannotMeasure(f"{len(taken)} rounds in this time are too few: --deadline")
                    return found
            found = compare(taken, margin=options.margin, alpha=alpha, seed=look)
            if found.answer is not Change.UNDECIDED:
                return found
            if not found.is_steady:
                del taken[: len(taken) // 2]
        assert found is not None  # noqa: S101 - there is always a first look
        return found

    def _finish(self, findings: list[Finding], new: Deployment) -> Document:
        # nothing is configured to be rolled back by a comparison
        verdict = decide(findings, planned=[finding.check for finding in findings], may_roll_back=False)
        run = about(new, self._run_id, self._started, browser=self._browser)
        return tell(self._console, self._options.reports, run, verdict)


def share_time(until: float, count: int) -> Iterator[float]:
    """Yield when each of so many comparisons must be done, as it begins: who is early leaves time to the others.

    Else one that cannot be decided would leave none. Monotonic seconds.
    """
    for left in range(count, 0, -1):
        now = time.monotonic()
        yield now + (until - now) / left


def _meaning(found: Comparison) -> tuple[Status, str]:
    words = f"new against old {found.change} in {found.rounds} rounds"
    match found.answer:
        case Change.SLOWER:
            return Status.BAD, f"slower: {words}"
        case Change.NOT_SLOWER:
            return Status.GOOD, f"not slower: {words}"
    if not found.is_quiet:
        return Status.UNKNOWN, f"this runner is too noisy: old against itself {found.control}; {words}"
    if not found.is_steady:
        return Status.UNKNOWN, f"still warming up: later against earlier rounds {found.drift}; {words}"
    return Status.UNKNOWN, f"neither slower nor not slower than +{found.margin * 100:g} % was shown: {words}"


def _finding(
    base: Finding, status: Status, words: str, found: Comparison | None, *, expected: str = "", seen: str = ""
) -> Finding:
    measured: tuple[Measurement, ...] = ()
    if found is not None:
        expected, seen = f"slower by at most {found.margin * 100:g} %", str(found.change)
        met = {Status.GOOD: True, Status.BAD: False}.get(status)
        measured = (Measurement("latency.ratio", (found.change.middle,), Unit.RATIO, limit=expected, met=met),)
    return replace(base, status=status, summary=words, expected=expected, seen=seen, measurements=measured)
