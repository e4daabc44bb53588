"""Pictures that a check shows: on their way through workers into verdict.json, without secrets."""

from collections.abc import Callable

import pytest

from tests.conftest import Result

SOURCE = """
from postflight.exhibits import Line, Request, make_chart, make_waterfall

def test_shows(exhibit, run):
    run.redactor.add("hunter2hunter2", "password")
    exhibit(make_waterfall("Landing", [Request("https://x/?key=hunter2hunter2", "script", 0.0, 1.0)]))
    exhibit(make_chart("p95", [Line("p95", ((0.0, 1.0), (1.0, None)))], unit="s"))

def test_shows_too_much(exhibit):
    for number in range(50):
        exhibit(make_chart(str(number), [], unit="s"))

def test_none(): pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_exhibits_arrive_without_secrets(run_suite: Callable[..., Result], site: str, workers: tuple[str, ...]) -> None:
    result = run_suite(SOURCE, "--base-url", site, *workers)
    waterfall, chart = result.finding("test_shows")["exhibits"]
    assert waterfall["requests"][0]["name"] == "https://x/?key=[secret password]"
    assert chart["lines"][0]["points"] == [[0.0, 1.0], [1.0, None]]
    assert len(result.finding("test_shows_too_much")["exhibits"]) == 12, "bounded"
    assert result.finding("test_none")["exhibits"] == []
    assert "hunter2hunter2" not in (result.reports / "report.html").read_text()
