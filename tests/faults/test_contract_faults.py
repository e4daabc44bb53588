"""Each planted fault of the contract turns exactly its checks red, and one of them names the cause; healthy: none.

By default a sample is planted together, in faults that cannot hide each other; `--prove` plants each one alone. What
generated requests find of these faults `scripts/contract_table.py` says: it is not the same each time.
"""

import itertools
import re
import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.faults.contract_table import SAMPLE, TABLE, Planted
from tests.faults.test_faults import failing

PARTS = ("contract/velocity", "contract/health")


def invariants(tmp_path: Path, *where: str, faults: tuple[str, ...] = ()) -> Result:
    """Run the invariants against a reference platform with these faults."""
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", *(where or PARTS), "-m", "contract", "--reports", str(reports)]
    with reference_platform([part for fault in faults for part in ("--fault", fault)]) as ready:
        return run_process(*command, "-p", "no:cacheprovider", reports=reports, env={READY_VARIABLE: ready})


def owners(planted: tuple[Planted, ...]) -> list[str]:
    """Return the node ids of the checks of these faults."""
    paths = [path for part in PARTS for path in (ROOT / part).glob("test_*.py")]
    files = {name: path for path in paths for name in re.findall(r"def (test_\w+)", path.read_text())}
    names = dict.fromkeys(name for one in planted for name in one.fails)
    return [f"{files[name].relative_to(ROOT)}::{name}" for name in names]


def told(result: Result) -> str:
    """Return all that bad checks say."""
    return "\n".join(finding["summary"] for finding in result.verdict["findings"] if finding["status"] == "bad")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "planted" in metafunc.fixturenames:
        together, alone = [pytest.param(SAMPLE, id="sample")], [pytest.param((one,), id=one.fault) for one in TABLE]
        metafunc.parametrize("planted", alone if metafunc.config.getoption("--prove") else together)


def test_faults_turn_their_checks_red(planted: tuple[Planted, ...], tmp_path: Path) -> None:
    where = owners(planted) if len(planted) > 1 else []
    result = invariants(tmp_path, *where, faults=tuple(one.fault for one in planted))
    red, expected = failing(result), {check for one in planted for check in one.fails}
    assert red >= expected if planted[0].spreads else red == expected, result.output
    said = told(result)
    assert [one.fault for one in planted if one.cause not in said] == [], result.output
    assert (result.decision, result.exit_code != 0) == ("rollback", True), result.output


def test_healthy_is_promoted(tmp_path: Path) -> None:
    result = invariants(tmp_path)
    assert (failing(result), result.decision, result.exit_code) == (set(), "promote", 0), result.output


def test_no_fault_of_the_sample_can_hide_another() -> None:
    for one, other in itertools.combinations(SAMPLE, 2):
        assert not set(one.fails) & set(other.fails), f"{one.fault} and {other.fault} share a check"


def test_every_fault_is_planted_once() -> None:
    names = [planted.fault for planted in TABLE]
    assert len(names) >= 66
    assert len(set(names)) == len(names)
