"""The check of Lighthouse's score in a real run, with a stand-in for Lighthouse: when it is asked, and what follows."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, run_process
from tests.lighthouse_stub import asked, document, stand_in

CHECK = "test_lighthouse_score[landing]"
DEPLOYMENTS = """\
version: 1
platforms:
  shop:
    environments:
      staging:
        base_url: {url}
        lighthouse: [{pages}]
"""
BUDGETS = """\
version: 1
platforms:
  shop:
    budgets:
      performance:
        lighthouse.performance: {at_least: 91 points, on_breach: hold, covers: [VEL-P2]}
"""


@pytest.fixture
def score(site: str, tmp_path: Path) -> Callable[..., Result]:
    """Run the check against a little site, with a Lighthouse that answers with these reports."""

    def run(*documents: dict[str, Any], pages: str = "landing", lighthouse: str | None = None) -> Result:
        (tmp_path / "deployments.yaml").write_text(DEPLOYMENTS.format(url=site, pages=pages))
        (tmp_path / "budgets.yaml").write_text(BUDGETS)
        files = [f"--{name}={tmp_path / name}.yaml" for name in ("deployments", "budgets")]
        command = [sys.executable, "-m", "pytest", "performance/test_lighthouse.py", "-p", "no:cacheprovider", *files]
        reports = tmp_path / "reports"
        environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        if lighthouse is None:
            environ["POSTFLIGHT_LIGHTHOUSE"] = str(stand_in(tmp_path, *documents))
        options = ["--environment", "staging", "--reports", str(reports)]
        return run_process(*command, *options, reports=reports, env=environ)

    return run


def test_three_scores_above_the_limit_are_enough(score: Callable[..., Result], tmp_path: Path) -> None:
    result = score(document(0.96), document(0.94), document(0.99))
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    (measured,) = result.finding(CHECK)["measurements"]
    assert (measured["values"], measured["interval"]) == ([96, 94, 99], [94, 99])
    evidence = result.finding(CHECK)["evidence"]
    assert [Path(path).name for path in evidence] == ["lighthouse-median.html", "lighthouse-median.json"]
    assert '"score": 0.96' in (result.reports / evidence[1]).read_text()
    arguments, _ = asked(tmp_path)[0]
    assert any("X-Postflight-Run" in argument for argument in arguments)


def test_three_below_hold_and_name_what_costs_the_points(score: Callable[..., Result], tmp_path: Path) -> None:
    result = score(document(0.86), document(0.84), document(0.9))
    assert (result.decision, result.statuses()[CHECK]) == ("hold", "bad"), result.output
    assert "landing.lighthouse.performance was 86 (84 to 90)" in result.finding(CHECK)["summary"]
    assert "Total Blocking Time 1,210 ms" in result.finding(CHECK)["summary"]
    assert len(asked(tmp_path)) == 3, "a second attempt goes on with the runs of the first"


def test_scores_on_both_sides_are_no_claim(score: Callable[..., Result], tmp_path: Path) -> None:
    result = score(document(0.86), document(0.95), document(0.96), document(0.97), document(0.9))
    assert (result.decision, result.statuses()[CHECK]) == ("hold", "unknown"), result.output
    assert len(asked(tmp_path)) == 5, "the sixth could not decide any more"


def test_a_warning_is_invalid_and_its_report_is_kept(score: Callable[..., Result]) -> None:
    result = score(document(0.99, runWarnings=["The tested device appears to have a slower CPU than expected."]))
    assert (result.decision, result.statuses()[CHECK]) == ("invalid", "invalid"), result.output
    assert "slower CPU" in result.finding(CHECK)["summary"]
    assert result.finding(CHECK)["evidence"][0].endswith("lighthouse-unusable.html")


def test_asked_for_and_not_here_is_unknown(score: Callable[..., Result]) -> None:
    result = score(lighthouse="absent")
    assert (result.decision, result.statuses()[CHECK]) == ("hold", "unknown"), result.output
    assert "postflight lighthouse install" in result.finding(CHECK)["summary"]


def test_nobody_asked_is_excluded(score: Callable[..., Result], tmp_path: Path) -> None:
    result = score(document(0.1), pages="")
    assert result.statuses()[CHECK] == "excluded", result.output
    assert not asked(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "login"], ids=["nobody's", "another platform's"])
def test_a_page_that_does_not_exist_is_invalid(score: Callable[..., Result], name: str) -> None:
    result = score(document(0.99), pages=f"landing, {name}")
    assert result.decision == "invalid", result.output
    assert f"asks for Lighthouse on {name}: known are landing, the pages of" in result.finding(CHECK)["summary"]
