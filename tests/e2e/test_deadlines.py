"""A gate or run that is ended before it is done: it cleans up, says so, and is never green."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result
from tests.e2e.conftest import is_gone

RunSuite = Callable[..., Result]
RunGate = Callable[..., Result]

# a check that has created something when it comes to a halt, and tells whether it could still remove it
HALTS = """
import json, pathlib
from postflight.flow import Request
@pytest.fixture
def created(api):
    yield
    api.send(Request("GET", "web", "/")).expect(200)
    pathlib.Path("removed").touch()
def test_halts(created):
    reference = json.loads(os.environ.get("POSTFLIGHT_REFERENCE", "{}")).get("pid")
    pathlib.Path("pids.json").write_text(json.dumps([os.getpid(), reference or os.getpid()]))
    HALT
    threading.Event().wait(100)
def test_never_runs(): pass
"""


def test_at_the_deadline_a_stage_is_interrupted_and_cleans_up(run_gate: RunGate, site: str, folder: Path) -> None:
    stages = {"smoke": HALTS.replace("HALT", ""), "security": "def test_x(): pass"}
    result = run_gate(stages, "--base-url", site, "--deadline", "10")
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert (folder / "removed").exists(), "the fixture's clean-up did not run"
    assert "deadline of 10 s has passed" in result.finding("stage smoke")["summary"]
    assert "was not run" in result.finding("stage security")["summary"]
    assert _all_gone(folder)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_cancelled_gate_cleans_up_and_leaves_nothing(run_gate: RunGate, folder: Path, name: str) -> None:
    result = run_gate({"smoke": HALTS.replace("HALT", f"os.kill(os.getppid(), signal.{name})")})
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert (folder / "removed").exists(), "the reference platform was gone before the clean-up"
    assert "was interrupted" in result.finding("gate")["summary"]
    assert _all_gone(folder)


def test_a_cancelled_gate_rolls_nothing_back(run_gate: RunGate, site: str, folder: Path) -> None:
    deployments = f"version: 1\nplatforms:\n  velocity:\n    environments:\n      here: {{base_url: '{site}'}}\n"
    source = "def test_red(): assert False\ndef test_halts():\n    os.kill(os.getppid(), signal.SIGTERM)\n"
    source += "    threading.Event().wait(100)"
    result = run_gate({"smoke": source}, "--environment", "here", deployments=deployments)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output


def test_cancelled_twice_a_gate_waits_for_nobody(run_gate: RunGate, site: str, folder: Path) -> None:
    cancel = "os.kill(os.getppid(), signal.SIGTERM)"
    # a stage that does not end when it is interrupted; the second signal comes when the first has surely arrived
    again = f"signal.signal(signal.SIGINT, lambda *_: {cancel}); {cancel}"
    result = run_gate({"smoke": HALTS.replace("HALT", again)}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert not (folder / "removed").exists()
    assert _all_gone(folder)


def test_a_terminated_run_cleans_up_as_after_ctrl_c(run_suite: RunSuite, site: str) -> None:
    source = "import os, signal, threading\n" + HALTS.replace("HALT", "os.kill(os.getpid(), signal.SIGTERM)")
    result = run_suite(source, "--base-url", site)
    assert (result.decision, result.exit_code) == ("invalid", pytest.ExitCode.INTERRUPTED), result.output
    assert (result.reports.parent / "removed").exists()


def _all_gone(folder: Path) -> bool:
    pids = json.loads((folder / "pids.json").read_text())
    return all(is_gone(pid) for pid in pids) and not list((folder.parent / "tmp").iterdir())
