"""The gate keeps what pages weigh, file by file, and holds the next release to it."""

import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from postflight.checks.weight.page import Kind
from postflight.history import History
from postflight.reference_process import READY_VARIABLE, reference_platform
from postflight.stage_process import WEIGHTS
from tests.conftest import Result, run_process, serving

GATE = "from postflight.cli import main; main()"
CHECKS = "test_growth or test_bytes"


def gate(folder: Path, history: Path, *faults: str) -> Result:
    """Run the gate's checks of growth against a reference platform with these faults."""
    reports = folder / "-".join(("reports", *faults))
    planted = [part for fault in faults for part in ("--fault", fault)]
    options = ["--stage", "performance", "--reports", str(reports), "--history", str(history), "--", "-k", CHECKS]
    with reference_platform(planted) as ready:
        return run_process(sys.executable, "-c", GATE, "gate", *options, reports=reports, env={READY_VARIABLE: ready})


def told(result: Result) -> str:
    return "\n".join(finding["summary"] for finding in result.verdict["findings"] if finding["status"] == "bad")


def test_a_bundle_that_grows_by_a_tenth_is_on_hold_and_named(tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite3"
    first = gate(tmp_path, history, "bundle-added")  # a first release: nothing to compare with
    assert first.decision == "promote", first.output
    assert {s for name, s in first.statuses().items() if name.startswith("test_growth")} == {"excluded"}
    second = gate(tmp_path, history, "bundle-heavier")
    assert second.decision == "hold", second.output
    assert "landing.growth.script was 9." in told(second)
    assert "KB: /static/planted/vendor.js (40." in told(second)
    with History.at(history) as opened:
        runs = opened.runs()
        last = opened.last_release("velocity", "reference")
        assert last is not None
        bundles = [f for f in opened.files_of(runs[0].run_id) if f.name == "/static/planted/vendor.js"]
        assert list(last.files) == list(opened.files_of(runs[0].run_id)), "the newest one that was promoted"
    assert [run.decision for run in runs] == ["promote", "hold"]
    assert {(one.route, one.kind) for one in bundles} == {(r, Kind.SCRIPT) for r in ("landing", "login", "projects")}


def test_a_bundle_that_is_new_is_on_hold_and_named(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--prove"):
        pytest.skip("the same way as above, from another beginning: --prove")
    history = tmp_path / "history.sqlite3"
    assert gate(tmp_path, history).decision == "promote"
    second = gate(tmp_path, history, "bundle-added")
    assert second.decision == "hold", second.output
    assert "new: /static/planted/vendor.js 40" in told(second)


class _Overloaded(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_page = self.path == "/"
        self.send_response(200 if is_page else 503)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><h1>Hi</h1><script async src=/app.js></script>" if is_page else b"no")

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_that_came_in_part_is_neither_light_nor_anybody_s_measure(tmp_path: Path) -> None:
    with serving(_Overloaded) as url:
        command = [sys.executable, "-m", "pytest", "performance/weight", "-m", "performance", "-p", "no:cacheprovider"]
        result = run_process(*command, f"--base-url={url}", f"--reports={tmp_path}", "-k", CHECKS, reports=tmp_path)
    found = {name: status for name, status in result.statuses().items() if name.startswith("test_")}
    assert set(found.values()) == {"unknown"}, result.output
    assert "the page was not weighed whole: /app.js: the script answered 503" in str(result.verdict["reasons"])
    assert not (tmp_path / WEIGHTS).exists()


def test_a_browser_that_cannot_tell_is_nobody_s_fault(tmp_path: Path, site: str) -> None:
    command = [sys.executable, "-m", "pytest", "performance/weight", "-m", "performance", "-p", "no:cacheprovider"]
    options = [f"--base-url={site}", f"--reports={tmp_path}", "--browser=firefox"]
    found = run_process(*command, *options, reports=tmp_path).statuses()
    assert {status for name, status in found.items() if name != "preflight"} == {"excluded"}
