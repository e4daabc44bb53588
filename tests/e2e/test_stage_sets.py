"""Stage sets: `postflight gate --stage backend`. Each phase of a deployment has a verdict of its own."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Result

RunGate = Callable[..., Result]
SUITE = """
@pytest.mark.covers("VEL-H2")
def test_backend(): pass

@pytest.mark.covers("VEL-S1", "VEL-H2")
def test_both(): pass

@pytest.mark.covers("VEL-S1")
def test_frontend(): assert 1 == 2, "one is not two"
"""
CRASH = "@pytest.mark.covers('VEL-H2')\ndef test_backend(): os.kill(os.getpid(), signal.SIGKILL)"
SLOW = "@pytest.mark.covers('VEL-H2')\ndef test_backend(): threading.Event().wait(60)"


def sets(site: str, **named: str) -> str:
    lines = "\n".join(f"      {name}: {entry}" for name, entry in named.items())
    return (
        f"version: 1\nplatforms:\n  velocity:\n    stage_sets:\n{lines}\n"
        f"    environments:\n      here: {{base_url: '{site}'}}\n"
    )


def run(run_gate: RunGate, site: str, source: str | dict[str, str], *arguments: str, **named: str) -> Result:
    stages = {"smoke": source} if isinstance(source, str) else source
    named = named or {"backend": "{covers: [VEL-H2]}", "frontend": "{covers: [VEL-S1]}"}
    return run_gate(stages, "--environment", "here", *arguments, deployments=sets(site, **named))


def test_a_set_is_gated_on_its_own_checks(run_gate: RunGate, site: str) -> None:
    backend = run(run_gate, site, SUITE, "--stage", "backend")
    assert (backend.decision, backend.exit_code) == ("promote", 0), backend.output
    assert backend.statuses() == {"preflight": "good", "test_backend": "good", "test_both": "good"}
    frontend = run(run_gate, site, SUITE, "--stage", "frontend")
    assert (frontend.decision, frontend.exit_code) == ("rollback", 20), frontend.output


def test_two_sets_have_two_verdicts_and_one_check_can_be_in_both(run_gate: RunGate, site: str) -> None:
    result = run(run_gate, site, SUITE, "--stage", "backend", "--stage", "frontend")
    assert result.exit_code == 20
    assert "backend: promote" in result.output
    assert "frontend: rollback" in result.output
    assert {(f["check"].rpartition("::")[2], f["stage"]) for f in result.verdict["findings"]} == {
        ("preflight", "preflight"), ("test_backend", "backend"), ("test_both", "backend"),
        ("test_both [frontend]", "frontend"), ("test_frontend", "frontend"),
    }  # fmt: skip
    own = json.loads((result.reports / "backend" / "smoke" / "verdict.json").read_text())
    assert own["verdict"]["decision"] == "promote"


NOTHING = {
    "the platform has no such set": ({"frontend": "{covers: [VEL-S1]}"}, "has no stage set 'backend' for velocity"),
    "no check covers its requirement": ({"backend": "{covers: [VEL-S9]}"}, "verified nothing: no check was collected"),
    "one of its requirements has no check": ({"backend": "{covers: [VEL-H2, VEL-S9]}"}, "covers VEL-S9"),
    "one of its stages has no such check": ({"backend": "{stages: [smoke, security], covers: [VEL-H2]}"}, "no folder"),
}


@pytest.mark.parametrize(("named", "words"), NOTHING.values(), ids=NOTHING)
def test_a_set_that_verifies_nothing_is_invalid(
    run_gate: RunGate, site: str, named: dict[str, str], words: str
) -> None:
    result = run(run_gate, site, SUITE, "--stage", "backend", **named)
    assert result.exit_code == 30, result.output
    assert words in " ".join(result.output.split())


def test_a_set_of_excluded_checks_is_not_covered_by_another(run_gate: RunGate, site: str) -> None:
    excluded = '\n@pytest.mark.needs("load")\n@pytest.mark.covers("VEL-S9")\ndef test_pool(): pass'
    result = run(
        run_gate, site, SUITE + excluded, "--stage", "backend", "--stage", "traffic",
        backend="{covers: [VEL-H2]}", traffic="{covers: [VEL-S9]}",
    )  # fmt: skip
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "verified nothing: all its 1 checks are excluded" in result.finding("stage traffic")["summary"]


def test_a_set_that_crashes_is_invalid_and_not_bad(run_gate: RunGate, site: str) -> None:
    result = run(run_gate, site, CRASH, "--stage", "backend")
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert result.finding("stage backend/smoke")["status"] == "invalid"
    assert "backend: invalid" in result.output


def test_fail_fast_stops_before_the_next_set(run_gate: RunGate, site: str) -> None:
    result = run(run_gate, site, SUITE, "--fail-fast", "--stage", "frontend", "--stage", "backend")
    assert result.exit_code == 20
    assert "test_backend" not in result.statuses()


def test_the_deadline_is_for_all_sets(run_gate: RunGate, site: str) -> None:
    result = run(run_gate, site, SLOW, "--deadline", "3", "--stage", "backend", "--stage", "validation",
                 backend="{covers: [VEL-H2]}", validation="{covers: [VEL-H2]}")  # fmt: skip
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "deadline of 3 s has passed" in result.finding("stage backend/smoke")["summary"]
    assert "was not run" in result.finding("stage validation/smoke")["summary"]


def test_requirements_cannot_be_chosen_behind_the_gates_back(run_gate: RunGate, site: str) -> None:
    result = run(run_gate, site, SUITE, "--stage", "backend", "--", "--covers=VEL-S1")
    assert result.exit_code == 30
    assert "--covers is an option of the gate itself" in result.output
