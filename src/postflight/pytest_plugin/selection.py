"""Which tests a run selects, and which its configuration excludes."""

from pathlib import Path

import pytest

from postflight.checks.budget import fits
from postflight.config.requirements import check_known
from postflight.model import Permissions
from postflight.pytest_plugin.run import Run
from postflight.pytest_plugin.state import CHECK, EXCLUDED
from postflight.stage_process import STAGES

MARKERS = (
    *(f"{stage}: a check of the {stage} stage" for stage in STAGES),
    "covers(*ids): the requirements that this check serves",
    "platform(name): only for this platform; a test without it fits every deployment",
    "needs(*permissions): what deployments.yaml must allow: create, load, fuzz, exhaust, inject",
    "measures(*metrics): the metrics that this check records with `measure`; one that it does not record is invalid",
)
PERMISSIONS = tuple(name.removeprefix("may_") for name in Permissions.__slots__)


def is_live(config: pytest.Config) -> bool:
    """Whether this run verifies a deployment: it names a stage, a stage's folder or an option of ours."""
    option = config.option
    if option.collectonly or option.help or getattr(option, "showfixtures", False):
        return False
    if hasattr(config, "workerinput"):
        return "postflight" in config.workerinput
    if option.environment or option.platform or option.base_url:
        return True
    expression = getattr(option, "markexpr", "")
    folders = {Path(argument.split("::")[0]).resolve() for argument in config.args}
    suites = {(config.rootpath / stage).resolve() for stage in STAGES}
    return any(stage in expression for stage in STAGES) or any(
        suite == folder or suite in folder.parents for folder in folders for suite in suites
    )


def select(config: pytest.Config, run: Run, items: list[pytest.Item]) -> None:
    """Deselect what is for other platforms; skip, visibly, what configuration does not allow; rerun failures once."""
    kept: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        item.stash[CHECK] = item.nodeid
        fits = _platforms(item) in ((), (run.deployment.platform,))
        (kept if fits else others).append(item)
    for item in kept:
        if excluded := _excluded(run, item):
            item.stash[EXCLUDED] = excluded
            item.add_marker(pytest.mark.skip(reason=excluded))
        elif not config.option.usepdb:
            # a failure is looked at twice: the same again is a fault, anything else is flaky, a verdict of its own
            item.add_marker(pytest.mark.flaky(reruns=1, condition=deserves_another_look))
        if item.get_closest_marker("load"):
            item.add_marker(pytest.mark.xdist_group("load"))  # side by side they would send more than `max_rate`
        if item.get_closest_marker("performance"):
            item.add_marker(pytest.mark.xdist_group("performance"))  # side by side they would measure each other
    _no_budget_unmeasured(config, run, kept)
    if wanted := _wanted(config):
        others += [item for item in kept if not wanted.intersection(covered_by(item))]
        kept = [item for item in kept if wanted.intersection(covered_by(item))]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = kept


def deserves_another_look(error: BaseException | None) -> bool:
    """Whether a failed check is run once more. Not if it has done so itself, and each time saw the same."""
    return not getattr(error, "repeated", False)


def _no_budget_unmeasured(config: pytest.Config, run: Run, items: list[pytest.Item]) -> None:
    """Refuse a budget that no check measures: green on nothing. Known only where a whole suite was collected."""
    folders = [Path(argument).resolve() for argument in config.args]
    announced = {
        (stage_of(item), name) for item in items for marker in item.iter_markers("measures") for name in marker.args
    }
    for stage in {stage_of(item) for item in items}:
        suite = (config.rootpath / stage).resolve()
        if not any(folder == suite or folder in suite.parents for folder in folders):
            continue
        for budget in run.budgets.for_stage(run.deployment.platform, stage).values():
            if not any(of == stage and fits(budget.metric, name) for of, name in announced):
                raise pytest.UsageError(f"{budget.source}: no check of {stage} measures {budget.metric!r}")


def _wanted(config: pytest.Config) -> frozenset[str]:
    """Return the requirements of `--covers`. A name that does not exist selects nothing, so it is refused."""
    try:
        return frozenset(check_known(requirement) for requirement in config.option.covers)
    except ValueError as unknown:
        raise pytest.UsageError(f"--covers: {unknown}") from None


def stage_of(item: pytest.Item) -> str:
    """Return the stage of an item by its marker, or else the name of its folder."""
    return next((stage for stage in STAGES if item.get_closest_marker(stage)), item.path.parent.name)


def covered_by(item: pytest.Item) -> tuple[str, ...]:
    """Return the requirement ids of an item, in order."""
    return tuple(dict.fromkeys(str(row) for marker in item.iter_markers("covers") for row in marker.args))


def _platforms(item: pytest.Item) -> tuple[str, ...]:
    marker = item.get_closest_marker("platform")
    return tuple(marker.args) if marker else ()


def _excluded(run: Run, item: pytest.Item) -> str:
    needed = {str(name) for marker in item.iter_markers("needs") for name in marker.args}
    if unknown := needed.difference(PERMISSIONS):
        raise pytest.UsageError(
            f"{item.nodeid}: needs({', '.join(sorted(unknown))}): known are {', '.join(PERMISSIONS)}"
        )
    if unfit := _unfit_browser(item):
        return unfit
    refused = sorted(name for name in needed if not getattr(run.deployment.permissions, f"may_{name}"))
    if not refused:
        return ""
    where = f"{run.deployment.platform}/{run.deployment.environment}"
    return f"{where} does not allow: {', '.join(refused)} (deployments.yaml, `allow`)"


def _unfit_browser(item: pytest.Item) -> str:
    """Say why a check cannot be made in this run's browser: pytest-playwright's `only_browser` names those it can."""
    marker = item.get_closest_marker("only_browser")
    callspec = getattr(item, "callspec", None)
    browser = callspec.params.get("browser_name", "") if callspec else ""
    if marker is None or not browser or browser in marker.args:
        return ""
    return f"only {' or '.join(map(str, marker.args))} can tell, and this run is in {browser}"
