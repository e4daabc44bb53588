"""Each fault that only load brings out breaks the limits that it should, in words that name it; healthy, all is kept.

By default a few; `--prove` plants each one. A run takes about ten seconds, most of which it waits.
"""

import re
import shutil
import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.faults.load_table import HEALTHY, TABLE, Planted

BUDGETS = ROOT / "tests" / "faults" / "load_budgets.yaml"
LOAD = (sys.executable, "-c", "from postflight.cli import main; main()", "load")


def load(profile: str, reports: Path, *arguments: str, faults: tuple[str, ...] = (), cwd: Path = ROOT) -> Result:
    """Run a profile against a reference platform with these faults."""
    planted = [argument for fault in faults for argument in ("--fault", fault)]
    command = [*LOAD, profile, "--budgets", str(BUDGETS), "--reports", str(reports), *arguments]
    with reference_platform(planted) as ready:
        return run_process(*command, reports=reports, cwd=cwd, env={READY_VARIABLE: ready})


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
    shape = ("--shape", planted.shape) if planted.shape else ()
    result = load(planted.profile, tmp_path, *shape, faults=(planted.fault,))
    broken = red(result)
    assert set(planted.breaks) <= set(broken), result.output
    words = "\n".join(broken.values())
    assert re.search(planted.says, words, re.DOTALL), f"{words}\n{result.output}"
    assert result.exit_code in (10, 20), result.output


def test_healthy_keeps_all_limits(healthy: str, tmp_path: Path) -> None:
    result = load(healthy, tmp_path)
    assert red(result) == {}, result.output
    assert "invalid" not in result.statuses().values(), result.output
    assert result.verdict["findings"], "green on nothing"


HOG = """
from gevent import monkey
from postflight.load.swarm.locustfile import CLASSES

globals().update(CLASSES)

def hold_the_interpreter():
    while True:
        sum(range(15_000_000))

monkey.get_original("_thread", "start_new_thread")(hold_the_interpreter, ())
"""


def test_a_slow_generator_is_invalid_and_not_slow(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A suite's own locustfile that keeps the process busy: requests leave late, and the platform is not blamed."""
    if not pytestconfig.getoption("--prove"):
        pytest.skip("keeps a core busy for half a minute: --prove")
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "locustfile.py").write_text(HOG)
    shutil.copy(ROOT / "deployments.yaml", tmp_path)
    result = load("landing", tmp_path / "reports", cwd=tmp_path)
    assert (red(result), result.decision, result.exit_code) == ({}, "invalid", 30), result.output
    assert "the generator wrote 1 % of its requests more than" in result.finding("load.landing.generator")["summary"]


def test_every_fault_of_load_is_in_the_table() -> None:
    from reference.faults import UNDER_LOAD

    assert {fault.name for fault in UNDER_LOAD} <= {planted.fault for planted in TABLE}
