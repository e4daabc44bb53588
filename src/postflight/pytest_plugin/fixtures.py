"""What a check is given: the deployment, a client that drives flows, guarded pages, a way to say what it measured."""

import contextlib
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType
from playwright.sync_api import Error as PlaywrightError

from postflight.adapter import load_adapter
from postflight.browser.evidence import Recorder, safe_name
from postflight.browser.find import find_browser
from postflight.browser.guard import Guard
from postflight.browser.others import CHROMIUM, require_installed
from postflight.browser.policy_reports import SHORT_DELAY
from postflight.browser.spki import launch_arguments
from postflight.checks.budget import fits
from postflight.config.budgets import Budgets
from postflight.errors import CannotMeasure, ConfigError
from postflight.exhibits import Exhibit
from postflight.model import Account, Deployment, Measurement, Unit, Weakness
from postflight.probes.client import Client
from postflight.pytest_plugin.measuring import Measured
from postflight.pytest_plugin.run import Run
from postflight.pytest_plugin.selection import stage_of
from postflight.pytest_plugin.state import (
    CHECK,
    CHECKS_AFTER_CALL,
    EVIDENCE,
    EXCLUDED,
    KEPT,
    MEASURED,
    RUN,
    SHOWN,
    WEAK,
)

Measure = Callable[..., None]
Exclude = Callable[[str], NoReturn]
Show = Callable[[Exhibit], None]
Keep = Callable[[str, bytes], None]
ACTION_DEADLINE = 10_000  # milliseconds
NAVIGATION_DEADLINE = 15_000  # milliseconds


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """Return this run."""
    found = pytestconfig.stash.get(RUN, None)
    if found is None:
        raise ConfigError(
            "this test verifies a deployment, but no live run was started: select it with `pytest -m smoke`"
        )
    return found


@pytest.fixture(scope="session")
def run_id(run: Run) -> str:
    """Return the id of this run: it is in the name of all that a check creates."""
    return run.run_id


@pytest.fixture(scope="session")
def deployment(run: Run) -> Deployment:
    """Return what is verified."""
    return run.deployment


@pytest.fixture(scope="session")
def budgets(run: Run) -> Budgets:
    """Return the limits of `budgets.yaml`."""
    return run.budgets


@pytest.fixture(scope="session")
def platform(deployment: Deployment) -> Any:
    """Return the adapter of the deployment's platform: its flows."""
    return load_adapter(deployment)


@pytest.fixture(scope="session")
def account(deployment: Deployment) -> Callable[[str], Account]:
    """Return a function from a role (`primary`, `other`) to the synthetic account that `deployments.yaml` names."""

    def find(role: str) -> Account:
        if role in deployment.accounts:
            return deployment.accounts[role]
        missing = ", ".join(f"${name}" for name in deployment.missing_secrets) or "an entry under `accounts:`"
        where = f"{deployment.platform}/{deployment.environment}"
        raise ConfigError(
            f"{where} has no account {role!r}: {missing} is missing (deployments.yaml names what is needed)"
        )

    return find


@pytest.fixture(scope="session")
def api(run: Run) -> Iterator[Client]:
    """Drive flows over HTTP: `api.run(platform.sign_in(...))`."""
    with Client(run.deployment, run.run_id, run.redactor) as client:
        yield client


@pytest.fixture
def measure(request: pytest.FixtureRequest, run: Run) -> Measure:
    """Return `measure(metric, *values, unit=..., where=..., interval=..., cause=..., repeated=...)`: what was seen.

    A test that has a browser among its fixtures measures with it, and one that starts its own says `browser=`: figures
    of different browsers are never compared with each other.

    Budgets of that metric are held against it after the test, in its call phase. A metric that the test announces with
    `@pytest.mark.measures` and then does not record is an invalid measurement, not a kept budget. A test that announces
    `mobile.lcp` may record `landing.mobile.lcp`: a budget of either name is about it, and the longer one wins.

    Without values it was looked for and is not there: nothing is claimed of its limit, and `cause` says why.

    A failing check is run once more. `repeated` says that it need not be if this metric's limit is broken, or it is not
    there: the check has measured it anew several times, and each time it was so. A rollback takes a second look anyway.
    """
    item = request.node
    measured = Measured([])
    item.stash[MEASURED] = measured.taken

    def record(
        metric: str,
        *values: float,
        unit: Unit = Unit.SECONDS,
        where: str = "",
        interval: tuple[float, float] | None = None,
        cause: str = "",
        browser: str | None = None,
        repeated: bool = False,
    ) -> None:
        if not any(fits(metric, announced) for announced in _announced(item)):
            raise ConfigError(f"{item.nodeid} measures {metric!r} but does not announce it: @pytest.mark.measures(...)")
        if not all(map(math.isfinite, (*values, *(interval or ())))):
            raise CannotMeasure(f"{metric} was to be measured in numbers, and came out as {values}, {interval}")
        if browser is None:
            browser = run.browser if "browser" in request.fixturenames else ""
        if values:
            measured.taken.append(
                Measurement(metric, tuple(values), unit, where, interval=interval, cause=cause, browser=browser)
            )
        elif cause:
            measured.untold[metric] = where, cause
        else:
            raise CannotMeasure(f"{metric}: not one value was measured, and nothing says why", where=where)
        if repeated:
            measured.repeated.add(metric)

    def hold_against_budgets() -> None:
        budgets = run.budgets.for_stage(run.deployment.platform, stage_of(item)).values()
        measured.hold_against(budgets, _announced(item))

    _after_call(item).append(hold_against_budgets)
    return record


@pytest.fixture
def weaknesses(request: pytest.FixtureRequest) -> list[Weakness]:
    """Return a list for the weak points that a check has seen: `results.sarif` and the forecast tell of each.

    They decide nothing: a check whose weak points are a fault raises, as any other check does.
    """
    found: list[Weakness] = []
    request.node.stash[WEAK] = found
    return found


@pytest.fixture
def exhibit(request: pytest.FixtureRequest) -> Show:
    """Return `exhibit(picture)`, which puts a picture of `postflight.exhibits` into `report.html`.

    It decides nothing. What is too much (`MAX_EXHIBITS` of a check) is left out.
    """
    shown: list[Exhibit] = []
    request.node.stash[SHOWN] = shown
    return shown.append


@pytest.fixture
def exclude(request: pytest.FixtureRequest) -> Exclude:
    """Return a function that ends a check which does not apply here, with the reason. Shown, and never counted as good.

    Only for what cannot apply: something that ought to be there and is not is a fault, and never excluded.
    """

    def leave(reason: str) -> NoReturn:
        request.node.stash[EXCLUDED] = reason
        pytest.skip(reason)

    return leave


@pytest.fixture
def keep(request: pytest.FixtureRequest, run: Run) -> Keep:
    """Return `keep(name, content)`: keeps a file with the finding, however the check ends. Text must be redacted."""
    kept: list[str] = []
    request.node.stash[KEPT] = kept

    def write(name: str, content: bytes) -> None:
        path = Path("evidence") / safe_name(request.node.stash[CHECK]) / name
        (run.reports / path).parent.mkdir(parents=True, exist_ok=True)
        (run.reports / path).write_bytes(content)
        kept.append(path.as_posix())

    return write


def _announced(item: pytest.Item) -> set[str]:
    return {str(metric) for marker in item.iter_markers("measures") for metric in marker.args}


def _after_call(item: pytest.Item) -> list[Callable[[], None]]:
    return item.stash.setdefault(CHECKS_AFTER_CALL, [])


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], run: Run, browser_type: BrowserType
) -> dict[str, Any]:
    """Launch the Chromium that is here, quiet and without calls of its own. It trusts the deployment's `ca_file`.

    With `--browser firefox` or `webkit`: the one that Playwright has installed, as it is.
    """
    if browser_type.name != CHROMIUM:
        require_installed(browser_type.name, browser_type.executable_path, ca_file=run.deployment.ca_file)
        run.browser = browser_type.name
        return browser_type_launch_args
    found = find_browser()
    run.browser = f"{found.kind} {found.version}"
    args = [*found.args, SHORT_DELAY, *launch_arguments(run.deployment)]
    return {"executable_path": found.executable, "args": args} | browser_type_launch_args


@pytest.fixture(scope="session")
def browser(browser: Browser, run: Run) -> Browser:
    """Return the browser. Which build of Firefox or WebKit it is, only the running one tells."""
    if browser.browser_type.name != CHROMIUM:
        run.browser = f"{browser.browser_type.name} {browser.version}"
    return browser


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], run: Run) -> dict[str, Any]:
    """Mark the browser's traffic as synthetic."""
    return {"extra_http_headers": {"X-Postflight-Run": run.run_id}} | browser_context_args


class Watched:
    """The browser contexts of one test: each has a guard, and a recorder of evidence."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._contexts: list[tuple[BrowserContext, Guard, Recorder]] = []

    def watch(self, context: BrowserContext) -> Guard:
        """Watch and record a context, from before its first page on."""
        deployment = self._run.deployment
        today = datetime.now(UTC).date()
        guard = Guard(context, allowed=deployment.allowed_trouble, base_url=deployment.base_url, today=today)
        self._contexts.append((context, guard, Recorder(context)))
        return guard

    def guard_of(self, context: BrowserContext) -> Guard:
        """Return the guard of a context."""
        return next(guard for watched, guard, _ in self._contexts if watched is context)

    def keep(self, check: str) -> tuple[str, ...]:
        """Write the evidence of a failure, and return its paths."""
        kept: list[str] = []
        for number, (_, _, recorder) in enumerate(self._contexts, start=1):
            name = check if number == 1 else f"{check}-{number}"
            kept += recorder.keep(self._run.reports, name, self._run.redactor)
        self._contexts.clear()
        return tuple(kept)

    def discard(self) -> None:
        """End the recordings of a test that passed."""
        for _, _, recorder in self._contexts:
            with contextlib.suppress(PlaywrightError):  # the browser is gone, and the recording with it
                recorder.discard()


WATCHED = pytest.StashKey[Watched]()


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest, run: Run
) -> Iterator[Callable[..., BrowserContext]]:
    """Yield a function that opens a guarded browser context: what its pages suffer fails the test that caused it.

    With `guarded=False` it does not: for tests whose pages are meant to suffer. Both are recorded.
    """
    watched = Watched(run)
    request.node.stash[WATCHED] = watched

    def open_context(*, guarded: bool = True, **options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(ACTION_DEADLINE)
        context.set_default_navigation_timeout(NAVIGATION_DEADLINE)
        guard = watched.watch(context)
        if guarded:
            _after_call(request.node).append(guard.check)
        return context

    request.node.stash[EVIDENCE] = watched.keep
    yield open_context
    watched.discard()


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    """Return a guarded browser context."""
    return new_context()


@pytest.fixture
def guard(context: BrowserContext, request: pytest.FixtureRequest) -> Guard:
    """Return the guard of `context`, to say which troubles a test expects."""
    watched: Watched = request.node.stash[WATCHED]
    return watched.guard_of(context)
