"""No false alarm: with 50 seeds the contract stage finds nothing in the healthy platform. `--prove` only."""

import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import run_process
from tests.faults.test_faults import failing

SEEDS = range(1, 51)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("seed", SEEDS if metafunc.config.getoption("--prove") else [])


def test_healthy_is_promoted_whatever_is_drawn(seed: int, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "contract/test_fuzz.py", "-m", "contract", "-n", "2"]
    with reference_platform() as ready:
        result = run_process(
            *command, "-p", "no:cacheprovider", "--contract-seed", str(seed), "--reports", str(reports),
            reports=reports, env={READY_VARIABLE: ready},
        )  # fmt: skip
    assert (failing(result), result.decision) == (set(), "promote"), result.output
