"""Each planted security fault turns exactly its checks red, and with no fault every tier is clean.

Each run is the whole stage, so that no other check may fail. By default the faults of a start are planted together;
`--prove` plants each one alone.
"""

import itertools
import sys
from collections import Counter
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import Result, run_process
from tests.faults.security_table import STARTS, Planted, Start
from tests.faults.test_faults import failing

TIERS = ("baseline", "hardened", "strict")


def security(tmp_path: Path, *arguments: str) -> Result:
    """Run the stage, without its part in the browser, against a reference platform started with these arguments."""
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "security", "-m", "security", "--ignore-glob", "*/test_browser_*.py"]
    with reference_platform(arguments) as ready:
        return run_process(
            *command, "-p", "no:cacheprovider", "--reports", str(reports), reports=reports, env={READY_VARIABLE: ready}
        )


def rules_told(result: Result) -> set[str]:
    """Return the rules of the weaknesses that bad checks tell."""
    return {
        weakness["rule"]
        for finding in result.verdict["findings"]
        for weakness in finding["weaknesses"]
        if finding["status"] == "bad" and not weakness["coming"]
    }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "planted" not in metafunc.fixturenames:
        return
    together = [pytest.param(start, start.planted, id=start.name) for start in STARTS]
    alone = [pytest.param(start, (one,), id=one.fault) for start in STARTS for one in start.planted]
    metafunc.parametrize(("start", "planted"), alone if metafunc.config.getoption("--prove") else together)


def test_faults_turn_their_checks_red(start: Start, planted: tuple[Planted, ...], tmp_path: Path) -> None:
    faults = [argument for one in planted for argument in ("--fault", one.fault)]
    result = security(tmp_path, *start.arguments, *faults)
    assert failing(result) == {check for one in planted for check in one.fails}, result.output
    assert {one.rule for one in planted if one.rule} <= rules_told(result), result.output
    assert result.decision == start.verdict, result.output


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("tier", TIERS)
def test_a_healthy_tier_is_promoted(tier: str, tls: bool, tmp_path: Path) -> None:
    result = security(tmp_path, "--tier", tier, *(["--tls"] if tls else []))
    assert (failing(result), result.decision, result.exit_code) == (set(), "promote", 0), result.output


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_no_fault_of_a_start_can_hide_another(start: Start) -> None:
    for one, other in itertools.combinations(start.planted, 2):
        if set(one.fails) & set(other.fails):
            assert one.rule, f"{one.fault} and {other.fault} share a check and are not told apart"
            assert one.rule != other.rule


def test_every_fault_is_planted_once() -> None:
    counts = Counter(planted.fault for start in STARTS for planted in start.planted)
    assert len(counts) >= 40
    assert set(counts.values()) == {1}
