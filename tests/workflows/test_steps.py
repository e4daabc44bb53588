"""The shell of every step, run for real, with what hostile or broken inputs make of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.expressions import World
from tests.workflows.steps import ACTION, Ran, load, outputs, run, step, steps

GATE = """#!/bin/bash
printf '%s\\0' "$@" >called
reports=${2#--reports=}
mkdir -p -- "$reports"
if [[ -d fake ]]; then cp -- fake/* "$reports/"; fi
exit "$FAKE_EXIT"
"""
COMMAND = '#!/bin/bash\nprintf "%s\\n" "$0 $*" >>called\nexit "${FAKE_EXIT:-0}"\n'
DEFAULTS = {name: str(entry.get("default", "")) for name, entry in load(ACTION)["inputs"].items()}
HOSTILE = (
    "$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; #', "${IFS}touch${IFS}pwned", "a b  c",
    "*", "--help", "-n", "x && touch pwned", "verdict=promote", "%0Averdict=promote", "é\u202e🚀",
    "[[ -v a[$(touch pwned)] ]]", "a[$(touch pwned)]", "x\\",
)  # fmt: skip
TESTED = {
    ("action.yml", "Set up"), ("action.yml", "Verify"), ("action.yml", "Summary"),
    ("action.yml", "Fail unless it is promote"),
    ("ci.yml/test", "Lint and test"), ("ci.yml/prove", "Plant every fault"),
    ("post-deploy.yml/rollback", "Roll back"), ("post-deploy.yml/verdict", "Fail unless it is promote"),
}  # fmt: skip


def test_every_step_with_a_script_is_tested_here() -> None:
    assert {(place, one["name"]) for place, one in steps() if "run" in one} == TESTED


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def world(verdict: str | None = None, **inputs: str) -> World:
    outputs = {} if verdict is None else {"verdict": verdict}
    given = DEFAULTS | {name.replace("_", "-"): value for name, value in inputs.items()}
    return World({"inputs": given, "steps": {"verify": {"outputs": outputs}}})


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """A checkout whose gate notes its arguments and ends as it is told to."""
    program(tmp_path / "suites" / ".venv" / "bin" / "postflight", GATE)
    (tmp_path / "suites" / "fake").mkdir()
    (tmp_path / "suites" / "fake" / "verdict.json").write_text("{}")
    return tmp_path / "suites"


@pytest.fixture
def verify(tmp_path: Path, suites: Path) -> Callable[..., Ran]:
    def ran(exit_code: int = 0, **inputs: str) -> Ran:
        return run(step("action.yml", "Verify"), tmp_path, world(**inputs), cwd=suites, FAKE_EXIT=str(exit_code))

    return ran


def called(suites: Path) -> list[str]:
    return (suites / "called").read_text().split("\0")[:-1]


@pytest.mark.parametrize(
    ("exit_code", "verdict"),
    [(0, "promote"), (10, "hold"), (20, "rollback"), (30, "invalid"),
     *((code, "invalid") for code in (1, 2, 3, 4, 5, 19, 21, 126, 127, 130, 137, 143, 255))],
)  # fmt: skip
def test_the_exit_code_is_the_verdict_and_anything_else_is_invalid(verify, exit_code: int, verdict: str) -> None:
    ran = verify(exit_code)
    assert ran.exit_code == 0  # the verdict decides, never a failed step
    assert ran.outputs == {"verdict": verdict, "exit-code": str(exit_code), "report": "./reports/verdict.json"}
    assert ran.environment == ran.path == ""


@pytest.mark.parametrize("exit_code", [0, 10, 20])
def test_a_gate_that_wrote_no_verdict_has_decided_nothing(verify, suites: Path, exit_code: int) -> None:
    (suites / "fake" / "verdict.json").unlink()
    (suites / "reports").mkdir()
    (suites / "reports" / "verdict.json").write_text("of an earlier run")
    assert verify(exit_code).outputs == {"verdict": "invalid", "exit-code": str(exit_code), "report": ""}


def test_a_gate_that_was_not_set_up_is_invalid(verify, suites: Path) -> None:
    (suites / ".venv" / "bin" / "postflight").unlink()
    assert verify().outputs == {"verdict": "invalid", "exit-code": "127", "report": ""}


def test_inputs_become_options(verify, suites: Path) -> None:
    verify(
        platform="velocity", environment="Production", base_url="https://x.example",
        stages="smoke\n backend  traffic\n", deadline="60", fail_fast="true", reports="out",
    )  # fmt: skip
    assert called(suites) == [
        "gate", "--reports=out", "--deadline=60", "--platform=velocity", "--environment=production",
        "--base-url=https://x.example", "--fail-fast", "--stage=smoke", "--stage=backend", "--stage=traffic",
    ]  # fmt: skip


def test_what_is_not_given_is_not_passed(verify, suites: Path) -> None:
    verify()
    assert called(suites) == ["gate", "--reports=reports", "--deadline=900"]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["platform", "base_url", "deadline", "reports", "environment", "stages", "fail_fast"])
def test_a_hostile_input_is_one_argument_and_nothing_else(verify, suites: Path, name: str, value: str) -> None:
    ran = verify(**{name: value})
    assert set(ran.outputs) == {"verdict", "exit-code", "report"}
    assert ran.outputs["verdict"] == "promote"
    if name == "stages":
        expected = [f"--stage={word}" for word in value.split()]
        assert called(suites)[3:] == expected
    elif name == "fail_fast":
        assert "--fail-fast" not in called(suites)
    else:
        given = value.lower() if name == "environment" else value
        assert f"--{name.replace('_', '-')}={given}" in called(suites)
    assert not list(suites.parent.rglob("pwned"))


@pytest.mark.parametrize("name", ["platform", "environment", "base_url", "deadline", "reports"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_input_of_two_lines_cannot_write_outputs(verify, suites: Path, name: str, end: str) -> None:
    ran = verify(20, **{name: f"x{end}verdict=rollback"})
    assert ran.outputs == {"verdict": "invalid", "exit-code": "30", "report": ""}
    assert not (suites / "called").exists()


# ---- the summary


def summary(tmp_path: Path, suites: Path, text: bytes | None, verdict: str | None = "hold") -> bytes:
    (suites / "reports").mkdir(exist_ok=True)
    if text is not None:
        (suites / "reports" / "summary.md").write_bytes(text)
    ran = run(step("action.yml", "Summary"), tmp_path, world(verdict), cwd=suites)
    assert (ran.exit_code, ran.outputs) == (0, {})
    return ran.summary


def test_the_summary_is_shown_as_it_is(tmp_path: Path, suites: Path) -> None:
    text = "## ✋ $(touch pwned) `touch pwned` ${{ x }}\n".encode()
    assert summary(tmp_path, suites, text) == text
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("line", ["| é 🚀 | $(touch pwned) |\n", "x" * 5_000_000])
def test_a_summary_of_5_mb_is_cut_below_a_mebibyte(tmp_path: Path, suites: Path, line: str) -> None:
    shown = summary(tmp_path, suites, (line * (5_000_000 // len(line))).encode())
    assert len(shown) < 1024 * 1024
    lines = shown.decode().splitlines(keepends=True)  # and no character is cut in two
    assert lines[-1] == "… cut: the rest is in the reports of this run\n"
    assert set(lines[:-2]) <= {line}


def test_a_missing_summary_is_told(tmp_path: Path, suites: Path) -> None:
    assert summary(tmp_path, suites, None, None).startswith(b"## Postflight: invalid\n")


# ---- what is red


@pytest.mark.parametrize("verdict", ["promote", "hold", "rollback", "invalid", None])
def test_all_but_promote_is_red(tmp_path: Path, verdict: str | None) -> None:
    of_action = run(step("action.yml", "Fail unless it is promote"), tmp_path, world(verdict))
    assert (of_action.exit_code == 0) is (verdict == "promote")
    told = {"needs": {"gate": {"outputs": {"verdict": verdict}}, "rollback": {"result": "skipped"}}}
    of_workflow = run(step("post-deploy.yml/verdict", "Fail unless it is promote"), tmp_path, World(told))
    assert (of_workflow.exit_code == 0) is (verdict == "promote")
    assert f"Postflight: {verdict or 'invalid'} (rollback: skipped)" in of_workflow.log


def roll_back(tmp_path: Path, command: str, token: str = "") -> Ran:
    contexts: dict[str, Any] = {
        "inputs": {"rollback-command": command, "environment": "production"},
        "github": {"event": {}},
        "secrets": {"ROLLBACK_TOKEN": token},
    }
    return run(step("post-deploy.yml/rollback", "Roll back"), tmp_path, World(contexts))


def test_the_rollback_command_is_run_with_its_secret(tmp_path: Path) -> None:
    ran = roll_back(tmp_path, 'printf "%s" "$ROLLBACK_TOKEN" >token\nprintf done >>token', 'it\'s "secret" $(x)')
    assert ran.exit_code == 0
    assert (tmp_path / "token").read_text() == 'it\'s "secret" $(x)done'


@pytest.mark.parametrize("command", ["false; true", "false | true", "echo $NOT_SET", "exit 7"])
def test_a_rollback_that_fails_half_way_is_red(tmp_path: Path, command: str) -> None:
    assert roll_back(tmp_path, command).exit_code != 0


def test_a_rollback_that_nobody_has_configured_is_red_and_says_so(tmp_path: Path) -> None:
    ran = roll_back(tmp_path, "")
    assert ran.exit_code == 1
    assert "production is bad, and no rollback-command says how" in ran.log


@pytest.mark.parametrize(
    ("place", "name", "command"),
    [
        ("action.yml", "Set up", "make --no-print-directory browser"),
        ("ci.yml/prove", "Plant every fault", "make prove"),
        ("ci.yml/test", "Lint and test", ".ci/run "),
    ],
)
@pytest.mark.parametrize("exit_code", [0, 3])
def test_steps_of_one_command_end_as_it_does(
    tmp_path: Path, place: str, name: str, command: str, exit_code: int
) -> None:
    program(tmp_path / "bin" / "make", COMMAND)
    program(tmp_path / ".ci" / "run", COMMAND)
    ran = run(step(place, name), tmp_path, world(), path=tmp_path / "bin", FAKE_EXIT=str(exit_code))
    assert ran.exit_code == exit_code
    assert (tmp_path / "called").read_text().removeprefix(f"{tmp_path}/bin/") == f"{command}\n"


def test_outputs_are_read_as_the_runner_reads_them() -> None:
    assert outputs("a=1=2\nb<<END\nx\ny\nEND\n") == {"a": "1=2", "b": "x\ny"}
    for wrong in ("neither\n", "a=1\na=2\n"):
        with pytest.raises(AssertionError):
            outputs(wrong)
