"""Each fault that only load brings out breaks the limits that it should, in words that name it; healthy, all is kept.

By default a few; `--prove` plants each one. A run takes about ten seconds, most of which it waits.
"""

import re
import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.faults.load_table import HEALTHY, TABLE, Planted

BUDGETS = ROOT / "tests" / "faults" / "load_budgets.yaml"
LOAD = (sys.executable, "-c", "from postflight.cli import main; main()", "load")


def load(profile: str, reports: Path, *faults: str) -> Result:
    """Run a profile against a reference platform with these faults."""
    planted = [argument for fault in faults for argument in ("--fault", fault)]
    command = [*LOAD, profile, "--budgets", str(BUDGETS), "--reports", str(reports)]
    with reference_platform(planted) as ready:
        return run_process(*command, reports=reports, env={READY_VARIABLE: ready})


def red(result: Result) -> dict[str, str]:
    """Return the limits that are broken, and all that is said of each."""
    return {
        finding["check"].split(".", 2)[2]: f"{finding['summary']}\n{finding['details']}"
        for finding in result.verdict["findings"]
        if finding["status"] == "bad" and finding["check"].startswith("load.")
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    everything = metafunc.config.getoption("--prove")
    if "planted" in metafunc.fixturenames:
        chosen = [planted for planted in TABLE if planted.quick or everything]
        metafunc.parametrize("planted", chosen, ids=[planted.fault for planted in chosen])
    if "healthy" in metafunc.fixturenames:
        metafunc.parametrize("healthy", HEALTHY if everything else HEALTHY[:1])


def test_a_fault_breaks_its_limits_and_is_named(planted: Planted, tmp_path: Path) -> None:
    result = load(planted.profile, tmp_path, planted.fault)
    broken = red(result)
    assert set(planted.breaks) <= set(broken), result.output
    words = "\n".join(broken.values())
    assert re.search(planted.says, words), f"{words}\n{result.output}"
    assert result.exit_code in (10, 20), result.output


def test_healthy_keeps_all_limits(healthy: str, tmp_path: Path) -> None:
    result = load(healthy, tmp_path)
    assert red(result) == {}, result.output
    assert "invalid" not in result.statuses().values(), result.output
    assert result.verdict["findings"], "green on nothing"


def test_every_fault_of_load_is_in_the_table() -> None:
    from reference.faults import UNDER_LOAD

    assert {fault.name for fault in UNDER_LOAD} <= {planted.fault for planted in TABLE}
