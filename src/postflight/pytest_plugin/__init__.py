"""The pytest side of Postflight: options, fixtures, and the way from reports to a verdict.

A run is *live* when it verifies a deployment: it selects a stage by marker, by folder or by an option of ours. Any
other run (the library's own tests) passes through untouched.
"""

import re
import signal
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from postflight.errors import CannotMeasure
from postflight.model import Decision, Finding, OnBreach, Status
from postflight.probes.preflight import preflight
from postflight.pytest_plugin import selection, terminal
from postflight.pytest_plugin.collector import MAX_DETAILS
from postflight.pytest_plugin.fixtures import (
    account,
    api,
    browser,
    browser_context_args,
    browser_type_launch_args,
    budgets,
    context,
    deployment,
    exclude,
    exhibit,
    guard,
    keep,
    measure,
    new_context,
    platform,
    run,
    run_id,
    weaknesses,
)
from postflight.pytest_plugin.ledgers import Ledgers
from postflight.pytest_plugin.mark import mark_report
from postflight.pytest_plugin.progress import ProgressWriter, progress_descriptor
from postflight.pytest_plugin.run import Run, start
from postflight.pytest_plugin.state import CHECK, CHECKS_AFTER_CALL, EVIDENCE, KEPT, MEASURED, RUN

__all__ = [
    "account",
    "api",
    "browser",
    "browser_context_args",
    "browser_type_launch_args",
    "budgets",
    "context",
    "deployment",
    "exclude",
    "exhibit",
    "guard",
    "keep",
    "measure",
    "new_context",
    "platform",
    "run",
    "run_id",
    "weaknesses",
]


class _Gather:
    """Hands the reports of all processes to the run that decides."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._run.collector.add_report(report)
        self._run.browser = self._run.browser or getattr(report, "postflight", {}).get("browser", "")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            summary = f"{report.nodeid} could not be collected"
            details = self._run.redactor.text(str(report.longrepr))[-MAX_DETAILS:]
            finding = Finding(
                report.nodeid, "run", Status.INVALID, title=report.nodeid, summary=summary, details=details
            )
            self._run.collector.add(finding)


_RESOURCES = pytest.StashKey[ExitStack]()
_EXIT_CODES: dict[int, str] = {code.value: code.name.lower().replace("_", " ") for code in pytest.ExitCode}
_GROUP = re.compile(r"@[\w-]+$")  # what xdist appends to the node ids of a group; parametrised ids end with "]"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a live run. `--base-url` is pytest-base-url's."""
    group = parser.getgroup("postflight", "Postflight: what is verified, and where the verdict goes")
    group.addoption("--platform", help="a platform of deployments.yaml; default: the only one that fits")
    group.addoption(
        "--environment", help="an environment of deployments.yaml; default: the reference platform on loopback"
    )
    group.addoption(
        "--reports", metavar="DIR", default="reports", help="where verdict.json, junit.xml ... go [%(default)s]"
    )
    group.addoption("--deployments", metavar="FILE", type=Path, help="[deployments.yaml]")
    group.addoption("--budgets", metavar="FILE", type=Path, help="[budgets.yaml]")
    group.addoption(
        "--covers", metavar="ID", action="append", default=[], help="only checks of this requirement; may be repeated"
    )
    group.addoption("--openapi", metavar="FILE|URL", help="the OpenAPI document that the API has promised")
    group.addoption(
        "--contract-seed", metavar="N|run", help="what generated requests begin with; default: the same for each commit"
    )
    group.addoption(
        "--baselines",
        metavar="DIR",
        type=Path,
        help="how pages looked when somebody said that it was right [performance/baselines]",
    )
    group.addoption(
        "--update-baselines", action="store_true", help="write how pages look now, to be reviewed and committed"
    )
    group.addoption(
        "--visual-against", metavar="URL", help="compare how pages look with this deployment, not with baselines"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers; keep tests that share a scarce thing on one xdist worker."""
    for line in selection.MARKERS:
        config.addinivalue_line("markers", line)
    config.stash[_RESOURCES] = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let xdist respect groups: tests that fill the preview pool, or send load, must not run beside each other."""
    if getattr(config.option, "numprocesses", None) and config.option.dist in {"no", "load", "worksteal", "each"}:
        config.option.dist = "loadgroup"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Resolve the deployment once, before anything is collected or a worker starts, and see whether it is there."""
    config = session.config
    if not selection.is_live(config):
        return
    if sys.flags.optimize:
        raise pytest.UsageError("verdict invalid: -O and PYTHONOPTIMIZE take out assertions: nothing would be verified")
    reports = Path(config.option.reports)
    if _is_worker(config):
        # each worker reads the command line anew, which says nothing of the groups that the controller asked for
        config.option.loadgroup = config.workerinput["postflight"]["grouped"]  # type: ignore[attr-defined]  # xdist's
    else:
        # a cancelled job cleans up, as after Ctrl-C; a shell's background job is started with SIGINT ignored
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.default_int_handler)
        (reports / "verdict.json").unlink(missing_ok=True)  # a stale verdict must never be taken for this run's
    try:
        run = start(config, config.stash[_RESOURCES])
    except CannotMeasure as error:
        config.stash[_RESOURCES].close()
        raise pytest.UsageError(f"verdict invalid: {error}") from error
    config.stash[RUN] = run
    config.option.base_url = run.deployment.base_url
    config.pluginmanager.register(Ledgers(run), "postflight-ledgers")
    if not _is_worker(config):
        terminal.redact_output(config, run.redactor)
        run.preflight = preflight(run.deployment, run.run_id, run.redactor)
        run.collector.add(run.preflight)
        config.pluginmanager.register(_Gather(run), "postflight-gather")
        if (descriptor := progress_descriptor()) is not None:
            config.pluginmanager.register(ProgressWriter(descriptor, run.collector, run.planned), "postflight-progress")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker which run it belongs to."""
    if (run := node.config.stash.get(RUN, None)) is not None:
        told = {"run_id": run.run_id, "ready": run.target.ready, "base_url": run.asked_url}
        node.workerinput["postflight"] = told | {"grouped": node.config.option.dist == "loadgroup"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose what fits the deployment, and say what its configuration does not allow."""
    if (run := config.stash.get(RUN, None)) is not None:
        selection.select(config, run, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember what was to run: a planned check without a result was lost."""
    if (run := session.config.stash.get(RUN, None)) is not None:
        run.planned += [item.stash[CHECK] for item in session.items]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Do so for workers too; all of them collect the same."""
    if (run := node.config.stash.get(RUN, None)) is not None and not run.planned:
        run.planned += [_GROUP.sub("", node_id) for node_id in ids]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run nothing when the preflight has failed: a dead host is said once, not as one time-out for each test."""
    run = session.config.stash.get(RUN, None)
    if run is not None and run.grounded and not _is_worker(session.config):
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start each attempt anew: what an earlier one suffered or measured is not this one's."""
    keys: tuple[pytest.StashKey[Any], ...] = (CHECKS_AFTER_CALL, MEASURED, EVIDENCE, KEPT)
    for key in keys:
        if key in item.stash:
            del item.stash[key]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """After the test itself: what its pages suffered and what it measured belong to its call phase."""
    yield
    errors: list[Exception] = []
    for check in item.stash.get(CHECKS_AFTER_CALL, []):
        try:
            check()
        except Exception as error:  # noqa: BLE001 - the others must still be heard; one is raised below
            errors.append(error)
    if errors:  # the first that decides something: a limit that only warns must not hide it
        raise min(errors, key=lambda error: getattr(error, "on_breach", None) is OnBreach.WARN)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what this phase means, take evidence while the page is still there, and take secrets out."""
    report = yield
    if (run := item.config.stash.get(RUN, None)) is not None:
        mark_report(run, item, call, report)
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Decide, write the reports, and never leave pytest green when the verdict is not."""
    config = session.config
    run: Run | None = config.stash.get(RUN, None)
    if run is None or _is_worker(config):
        return
    if exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}:
        words = f"pytest ended with {_EXIT_CODES.get(exitstatus, f'exit code {exitstatus}')}"
        run.collector.add(Finding("pytest", "run", Status.INVALID, title="pytest", summary=words))
    verdict = run.finish()
    if verdict.decision is not Decision.PROMOTE and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if verdict.decision is Decision.PROMOTE and exitstatus == pytest.ExitCode.TESTS_FAILED:
        session.exitstatus = pytest.ExitCode.OK  # only limits that ask for `warn` are broken


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the verdict, last and at a glance."""
    if (run := config.stash.get(RUN, None)) is not None and run.document is not None:
        terminal.show(terminalreporter, run)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what we started."""
    config.stash[_RESOURCES].close()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
