"""The real Lighthouse, from npm: 10 to 15 s a run, so only with --prove (make prove)."""

import sys
from pathlib import Path

import pytest

from postflight.browser.lighthouse import install_lighthouse
from postflight.errors import CannotMeasure
from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process

CHECK = "test_lighthouse_score[landing]"


@pytest.fixture(scope="module", autouse=True)
def real(pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--prove"):
        pytest.skip("a longer one: runs with --prove (make prove)")
    try:
        install_lighthouse()
    except CannotMeasure as error:
        pytest.skip(f"no Lighthouse can be had here: {error}")


def score(tmp_path: Path, *arguments: str) -> Result:
    """Ask for the score of the reference platform's landing page, which its entry in deployments.yaml does not."""
    text = (ROOT / "deployments.yaml").read_text()
    asking = text.replace("        start: reference\n", "        start: reference\n        lighthouse: [landing]\n", 1)
    (tmp_path / "deployments.yaml").write_text(asking)
    command = [sys.executable, "-m", "pytest", "performance/test_lighthouse.py", "-p", "no:cacheprovider"]
    files = [f"--deployments={tmp_path / 'deployments.yaml'}", f"--reports={tmp_path / 'reports'}"]
    with reference_platform(arguments) as ready:
        return run_process(*command, *files, reports=tmp_path / "reports", env={READY_VARIABLE: ready})


def test_a_healthy_page_has_its_score(tmp_path: Path) -> None:
    result = score(tmp_path, "--tier", "strict", "--tls")
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    (measured,) = result.finding(CHECK)["measurements"]
    assert len(measured["values"]) >= 3
    evidence = [result.reports / path for path in result.finding(CHECK)["evidence"]]
    assert {path.suffix for path in evidence} == {".html", ".json"}
    assert all(10_000 < path.stat().st_size < 2_000_000 for path in evidence)


def test_a_heavy_page_is_held(tmp_path: Path) -> None:
    result = score(tmp_path, "--fault", "heavy-landing")
    assert (result.decision, result.statuses()[CHECK]) == ("hold", "bad"), result.output
    assert "Total Blocking Time" in result.finding(CHECK)["summary"]
