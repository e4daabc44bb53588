"""What the gate's report shows beyond its own findings: pictures from the folders of its stages, earlier runs, gaps."""

import time
from collections.abc import Callable
from pathlib import Path

from postflight.history import Entry, History
from postflight.model import Decision
from tests.conftest import Result

STAGE = """
import base64
from postflight.exhibits import Frame, make_filmstrip
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

@pytest.mark.covers("VEL-S1")
def test_strip(exhibit, run):
    (run.reports / "film").mkdir(parents=True)
    (run.reports / "film" / "1.png").write_bytes(base64.b64decode(PIXEL))
    exhibit(make_filmstrip("How it came to be", [Frame("film/1.png", 0.0)]))
"""


def test_frames_earlier_runs_and_gaps_are_shown(run_gate: Callable[..., Result], site: str, tmp_path: Path) -> None:
    file, now = tmp_path / "history.sqlite3", time.time()
    with History.at(file) as history:
        for number in range(3):
            at = now - 100 + number
            history.add(Entry(f"r{number}", "gate", "velocity", "here", site, True, at, at, Decision.HOLD, 10))
    deployments = f"version: 1\nplatforms:\n  velocity:\n    environments:\n      here:\n        base_url: '{site}'\n"
    environ = {"POSTFLIGHT_HISTORY": str(file)}
    result = run_gate({"smoke": STAGE}, "--environment", "here", env=environ, deployments=deployments)
    assert result.exit_code == 0, result.output
    assert result.finding("test_strip")["exhibits"][0]["frames"][0]["path"] == "smoke/film/1.png"
    page = (result.reports / "report.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 1
    assert "the last 4 runs, this one at the end" in page
    assert "3 hold" in page
    assert "Not verified by this run" in page
