"""Each fault that people see changes the pictures of the landing page, and the finding names the element.

By default a healthy deployment and one fault, on the desktop; `--prove` runs all of them, in all windows.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import Result, run_process
from tests.faults.covering import rows
from tests.faults.visual_table import VISUAL, Planted

LOOKS = "test_page_looks_as_it_did"


@pytest.fixture(scope="module")
def healthy() -> Iterator[str]:
    """The ready line of a healthy deployment."""
    with reference_platform(()) as ready:
        yield ready


def look(tmp_path: Path, ready: str, *arguments: str) -> Result:
    """Run the pictures of the landing page against a reference platform that runs."""
    command = [sys.executable, "-m", "pytest", "performance/test_visual.py", "-p", "no:cacheprovider"]
    reports = tmp_path / "reports"
    return run_process(*command, "--reports", str(reports), *arguments, reports=reports, env={READY_VARIABLE: ready})


def windows(pytestconfig: pytest.Config) -> tuple[str, ...]:
    return ("-k", "landing") if pytestconfig.getoption("--prove") else ("-k", "landing and desktop and not dark")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "planted" in metafunc.fixturenames:
        chosen = rows(metafunc.config, VISUAL, lambda _: (LOOKS,))
        metafunc.parametrize("planted", chosen, ids=lambda planted: planted.fault)


def test_a_fault_is_seen_and_named(planted: Planted, healthy: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    against = json.loads(healthy)["web"]
    with reference_platform(("--fault", planted.fault)) as ready:
        result = look(tmp_path, ready, "--visual-against", against, *windows(pytestconfig))
    pictures = {name: status for name, status in result.statuses().items() if name.startswith(LOOKS)}
    assert set(pictures.values()) == {"bad"}, result.output
    assert (result.decision, result.exit_code) == ("hold", 1), result.output
    for name in pictures:
        assert result.finding(name)["evidence"][0].endswith(".png")
    finding = result.finding(f"{LOOKS}[chromium-landing-desktop]")
    assert planted.says in finding["summary"].partition("; ")[0], "the cause is named first"


def test_two_healthy_deployments_look_the_same(healthy: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    against = json.loads(healthy)["web"]
    with reference_platform(("--tier", "strict")) as ready:
        result = look(tmp_path, ready, "--visual-against", against, *windows(pytestconfig))
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    measured = [m["values"] for finding in result.verdict["findings"] for m in finding["measurements"]]
    assert measured
    assert all(values == [0] for values in measured)
