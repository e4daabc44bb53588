"""The gate: its exit codes, and that it never goes green on nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from postflight.model import Decision, Finding, Status, Verdict
from postflight.report import document
from postflight.report.document import About
from tests import hostile
from tests.conftest import Result, run_process
from tests.e2e.conftest import CONFTEST, POSTFLIGHT, is_gone

RunGate = Callable[..., Result]
GREEN = "def test_x(): pass"
RED = "def test_red(): assert 1 == 2, 'one is not two'"


def test_reference_platform_is_promoted_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    reports = tmp_path / "reports"
    command = [*POSTFLIGHT, "gate", "--stage", "smoke", "--reports", str(reports), "--", "-p", "no:cacheprovider"]
    result = run_process(*command, reports=reports, env={"TMPDIR": str(tmp_path / "tmp")})
    assert (result.decision, result.exit_code) == ("promote", 0), result.output
    assert result.verdict["planned"] > 20
    assert {"verdict.json", "junit.xml", "summary.md", "smoke"} <= {path.name for path in reports.iterdir()}
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    ("source", "decision", "exit_code"),
    [
        (GREEN, "promote", 0),
        (RED, "hold", 10),
        ("def test_x(): pytest.skip('not today')", "hold", 10),
        ("def test_x(): raise KeyError('a bug of the suite')", "invalid", 30),
    ],
)
def test_unknown_address(run_gate: RunGate, site: str, source: str, decision: str, exit_code: int) -> None:
    result = run_gate({"smoke": source}, "--base-url", site)
    assert (result.decision, result.exit_code) == (decision, exit_code), result.output


def test_known_environment_is_rolled_back(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": RED}, "--environment", "here", deployments=_here(site))
    assert (result.decision, result.exit_code) == ("rollback", 20), result.output
    assert "one is not two" in result.output


def test_all_stages_count_and_the_worst_decides(run_gate: RunGate, site: str) -> None:
    result = run_gate({"security": RED, "smoke": GREEN}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("hold", 10), result.output
    assert result.statuses() == {"preflight": "good", "test_x": "good", "test_red": "bad"}


def test_fail_fast_stops_after_the_first_stage_that_is_not_promote(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": RED, "security": GREEN}, "--base-url", site, "--fail-fast")
    assert result.exit_code == 10, result.output
    assert result.statuses() == {"preflight": "good", "test_red": "bad"}


NOTHING = {
    "every check is deselected": ["-k", "nothing"],
    "checks are only collected": ["--collect-only"],
    "checks are only set up": ["--setup-only"],
    "checks are only planned": ["--setup-plan"],
    "only help is asked for": ["--help"],
    "only the fixtures of each check are asked for": ["--fixtures-per-test"],
    "the plugin is switched off": ["-p", "no:postflight.pytest_plugin"],
    "conftest.py is not read": ["--noconftest"],
}


@pytest.mark.parametrize("arguments", NOTHING.values(), ids=NOTHING)
def test_nothing_verified_is_invalid(run_gate: RunGate, site: str, arguments: list[str]) -> None:
    result = run_gate({"smoke": GREEN}, "--base-url", site, "--", *arguments)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output


@pytest.mark.parametrize("option", ["--reports=elsewhere", "--base-url=http://127.0.0.1:9", "--budgets=lax.yaml"])
def test_stages_cannot_be_led_elsewhere(run_gate: RunGate, site: str, option: str) -> None:
    result = run_gate({"smoke": GREEN}, "--base-url", site, "--", option)
    assert result.exit_code == 30
    assert f"{option.partition('=')[0]} is an option of the gate itself" in result.output


@pytest.mark.parametrize(
    ("arguments", "variable", "words"),
    [
        ([], "--budgets=lax.yaml", "--budgets is an option of the gate itself"),
        (["--", "@options.txt"], "", "@options.txt: write the options themselves"),
    ],
)
def test_nor_through_a_variable_or_a_file(
    run_gate: RunGate, site: str, arguments: list[str], variable: str, words: str
) -> None:
    result = run_gate({"smoke": GREEN}, "--base-url", site, *arguments, env={"PYTEST_ADDOPTS": variable})
    assert result.exit_code == 30
    assert words in result.output


def test_a_verdict_about_something_else_is_invalid(run_gate: RunGate, site: str) -> None:
    with hostile.answering() as other:
        elsewhere = other.replace("127.0.0.1", "localhost")  # is at no known address: the name decides
        led = f"{CONFTEST}\ndef pytest_configure(config): config.option.base_url = {elsewhere!r}\n"
        result = run_gate({"smoke": GREEN}, "--environment", "here", conftest=led, deployments=_here(site))
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert f"its verdict is about {elsewhere}" in result.finding("stage smoke")["summary"]


def test_a_stage_that_verifies_nothing_is_not_covered_by_another(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": GREEN, "security": ""}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "verified nothing" in result.finding("stage security")["summary"]


def test_assertions_that_are_taken_out_are_invalid(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": RED}, "--base-url", site, "--", "--assert=plain", env={"PYTHONOPTIMIZE": "1"})
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output


def test_a_subtest_that_fails_is_bad(run_gate: RunGate, site: str) -> None:
    source = "def test_red(subtests):\n    with subtests.test('one'): assert 1 == 2, 'one is not two'"
    result = run_gate({"smoke": source}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("hold", 10), result.output


def test_a_missing_folder_is_invalid(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": GREEN}, "--base-url", site, "--stage", "smoke", "--stage", "contract")
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "there is no folder contract/ here" in result.output


def test_no_stage_at_all_is_invalid(run_gate: RunGate, site: str) -> None:
    assert run_gate({}, "--base-url", site).exit_code == 30


def test_a_missing_conftest_is_invalid(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": GREEN}, "--base-url", site, conftest="")
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "smoke/pytest.log" in result.output


# of a stage that ends without a verdict of this run: what its module does, and what the gate says of it
LEAVES = {
    "none": ("os._exit(0)", "was not written"),
    "half of one": ("leave('{\"version\": 1, ')", "is no verdict document"),
    "a foreign one": ("leave(pathlib.Path('../old.json').read_text())", "is of run 20200101T000000-abcdef-smoke"),
    "a good one, and then crashes": (
        "import atexit; atexit.register(os._exit, 7)\ndef test_x(): pass",
        "its verdict is promote, but pytest ended with exit code 7",
    ),
    "none, being killed": ("def test_x(): os.kill(os.getpid(), signal.SIGKILL)", "was not written"),
}
LEAVE = """
import pathlib
def leave(text):
    pathlib.Path("reports/smoke/verdict.json").write_text(text)
    os._exit(0)
"""


@pytest.fixture
def old_verdict(folder: Path) -> None:
    """A good verdict of another run, as its `verdict.json` was."""
    about = About("20200101T000000-abcdef-smoke", "generic", "unknown", "http://x", False, "", "", "0", "pytest")
    good = Finding("smoke/test_it.py::test_x", "smoke", Status.GOOD)
    document.write(folder.parent / "old.json", document.make_document(about, Verdict(Decision.PROMOTE, (), (good,), 1)))


@pytest.mark.usefixtures("old_verdict")
@pytest.mark.parametrize(("source", "words"), LEAVES.values(), ids=LEAVES)
def test_a_stage_without_a_verdict_of_its_own_is_invalid(run_gate: RunGate, site: str, source: str, words: str) -> None:
    result = run_gate({"smoke": LEAVE + source}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert words in result.finding("stage smoke")["summary"]


def test_a_stale_verdict_is_not_taken_for_this_runs(run_gate: RunGate, site: str, folder: Path) -> None:
    assert run_gate({"smoke": GREEN}, "--base-url", site).exit_code == 0
    result = run_gate({"smoke": "os._exit(0)"}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output


def test_a_configuration_error_is_invalid_and_says_where(run_gate: RunGate, site: str) -> None:
    result = run_gate({"smoke": GREEN}, "--base-url", site, budgets="version: 1\nvelocty: {}\n")
    assert result.exit_code == 30
    assert "budgets.yaml:2" in result.output
    assert "Traceback" not in result.output
    assert not (result.reports / "verdict.json").exists()


def test_a_folder_that_cannot_be_written_is_invalid(run_gate: RunGate, site: str, folder: Path) -> None:
    (folder / "reports" / "verdict.json").mkdir(parents=True)  # nobody expects a folder there
    result = run_gate({"smoke": GREEN}, "--base-url", site)
    assert result.exit_code == 30
    assert "Is a directory: 'reports/verdict.json'" in result.output


def test_a_wrong_option_is_no_verdict(run_gate: RunGate) -> None:
    assert run_gate({}, "--stage", "smok").exit_code == 2


def test_whatever_a_killed_stage_had_started_is_gone(run_gate: RunGate, site: str, folder: Path) -> None:
    source = """
import json, pathlib, subprocess, tempfile
def test_x(page):
    children = [subprocess.Popen(["sleep", "1000"]).pid, os.getpid()]
    tempfile.mkdtemp()
    pathlib.Path("pids.json").write_text(json.dumps(children))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    result = run_gate({"smoke": source}, "--base-url", site)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert all(is_gone(pid) for pid in json.loads((folder / "pids.json").read_text()))
    assert not list((folder.parent / "tmp").iterdir())


def _here(url: str) -> str:
    return f"version: 1\nplatforms:\n  velocity:\n    environments:\n      here: {{base_url: '{url}'}}\n"
