"""Each planted fault turns exactly the checks red that own it, and the verdict; with no fault all is green.

By default the fewest faults that turn each check red run, against their owners; `--prove` runs each against the whole
suite: nothing else may fail.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.faults import browser_security_table, contract_table, load_table, performance_table, releases_table
from tests.faults.covering import rows
from tests.faults.security_table import STARTS
from tests.faults.table import TABLE, Planted

BUDGETS = ROOT / "tests" / "faults" / "budgets.yaml"
FUNCTION = re.compile(r"^def (test_\w+)", re.MULTILINE)


def smoke(tmp_path: Path, *arguments: str, faults: tuple[str, ...] = ()) -> Result:
    """Run the smoke suite against a reference platform with these faults."""
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "--budgets", str(BUDGETS), "--reports", str(reports)]
    planted = [part for fault in faults for part in ("--fault", fault)]
    with reference_platform(planted) as ready:
        return run_process(*command, "-p", "no:cacheprovider", *arguments, reports=reports, env={READY_VARIABLE: ready})


def where(names: tuple[str, ...]) -> list[str]:
    """Return the node ids of test functions of the smoke suite."""
    files = {name: path for path in (ROOT / "smoke").rglob("test_*.py") for name in FUNCTION.findall(path.read_text())}
    return [f"{files[name].relative_to(ROOT)}::{name}" for name in names if name != "preflight"]


def failing(result: Result) -> set[str]:
    """Return the functions of the checks that are neither good nor excluded."""
    bad = {name for name, status in result.statuses().items() if status not in {"good", "excluded"}}
    return {name.partition("[")[0] for name in bad}


def test_a_fault_turns_its_checks_red(planted: Planted, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    everything = pytestconfig.getoption("--prove")
    expected = planted.fails if everything else planted.owners
    result = smoke(tmp_path, *([] if everything else where(expected)), faults=(planted.fault,))
    red = failing(result)
    if planted.spreads:
        assert red >= set(expected), result.output
    else:
        assert red == set(expected), result.output
    assert result.decision == planted.verdict, result.output
    assert result.exit_code != 0


def test_healthy_is_promoted(tmp_path: Path) -> None:
    result = smoke(tmp_path)
    assert (failing(result), result.decision, result.exit_code) == (set(), "promote", 0), result.output


PHASES = {"database": "migration-not-run", "backend": "wrong-metrics", "frontend": "dead-asset"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By default what turns each check red once, and one phase; `--prove` plants all."""
    if "planted" in metafunc.fixturenames:
        chosen = rows(metafunc.config, TABLE, lambda planted: planted.owners)
        metafunc.parametrize("planted", chosen, ids=lambda planted: planted.fault)
    if "red" in metafunc.fixturenames:
        metafunc.parametrize("red", list(PHASES) if metafunc.config.getoption("--prove") else ["database"])


def test_a_fault_turns_its_own_phase_red(tmp_path: Path, pytestconfig: pytest.Config, red: str) -> None:
    phases = list(PHASES) if pytestconfig.getoption("--prove") else [red]
    chosen = [part for phase in phases for part in ("--stage", phase)]
    command = [sys.executable, "-c", "from postflight.cli import main; main()", "gate", "--budgets", str(BUDGETS)]
    with reference_platform(["--fault", PHASES[red]]) as ready:
        result = run_process(
            *command, *chosen, "--reports", str(tmp_path), reports=tmp_path, env={READY_VARIABLE: ready}
        )
    assert [phase for phase in phases if f"{phase}: promote" not in result.output] == [red], result.output


def test_every_fault_is_in_a_table() -> None:
    command = [sys.executable, "-m", "reference", "--list-faults"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout
    of_smoke = {planted.fault for planted in TABLE}
    of_security = {planted.fault for start in STARTS for planted in start.planted}
    in_pages = {planted.fault for planted in browser_security_table.TABLE}
    of_releases = set(releases_table.TABLE)
    of_contract = {planted.fault for planted in contract_table.TABLE}
    under_load = {planted.fault for planted in load_table.TABLE}
    of_performance = {planted.fault for planted in performance_table.TABLE}
    known = of_smoke | of_security | in_pages | of_releases | of_contract | under_load | of_performance
    assert {line.split()[0] for line in listed.splitlines()} == known


@pytest.mark.parametrize(("fault", "file"), releases_table.TABLE.items())
def test_a_fault_of_releases_is_named_where_it_is_found(fault: str, file: str) -> None:
    assert f'"{fault}"' in (ROOT / file).read_text()
