"""Only the verdict `rollback` rolls back. The real `if:` of the real file, for every way in which a gate can end."""

from typing import Any

import pytest

from tests.workflows.expressions import World, holds
from tests.workflows.steps import WORKFLOWS, load

JOBS = load(next(path for path in WORKFLOWS if path.name == "post-deploy.yml"))["jobs"]
VERDICTS = ("promote", "hold", "rollback", "invalid", "", None, "rolled back", "true", "20")
RESULTS = ("success", "failure", "cancelled", "skipped")


def runs(job: str, condition: str, verdict: str | None, result: str, *, cancelled: bool = False) -> bool:
    outputs = {} if verdict is None else {"verdict": verdict}
    assert JOBS[job]["needs"] in ("gate", ["gate", "rollback"])
    contexts = {"needs": {"gate": {"outputs": outputs, "result": result}}, "github": {}, "inputs": {}}
    return holds(condition, World(contexts, [result], cancelled))


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_the_verdict_rollback_rolls_back(verdict: str | None, result: str) -> None:
    condition = JOBS["rollback"]["if"]
    assert runs("rollback", condition, verdict, result) is (verdict == "rollback")
    assert not runs("rollback", condition, verdict, result, cancelled=True)


@pytest.mark.parametrize(
    "wrong",
    ["failure()", "always()", "${{ needs.gate.outputs.verdict != 'promote' && !cancelled() }}"],
)
def test_what_pipelines_commonly_do_would_roll_back_what_was_not_measured(wrong: str) -> None:
    assert any(runs("rollback", wrong, verdict, "failure") for verdict in ("invalid", "", None))


def test_without_a_verdict_the_gate_says_invalid() -> None:
    for output, otherwise in (("verdict", "invalid"), ("exit-code", "30")):
        expression = JOBS["gate"]["outputs"][output]
        assert expression == f"${{{{ steps.postflight.outputs.{output} || '{otherwise}' }}}}"


@pytest.mark.parametrize(
    ("result", "says"), [("success", True), ("failure", True), ("cancelled", True), ("skipped", False)]
)
def test_the_verdict_is_said_unless_there_was_nothing_to_verify(result: str, says: bool) -> None:
    assert runs("verdict", JOBS["verdict"]["if"], None, result) is says


def event(name: str, state: str = "", environment: str = "") -> dict[str, Any]:
    told = {"deployment_status": {"state": state}, "deployment": {"environment": environment}} if state else {}
    return {"event_name": name, "event": told}


@pytest.mark.parametrize(
    ("github", "inputs", "verified"),
    [
        (event("push"), {"environment": "staging"}, True),  # called by another workflow
        (event("deployment_status", "success", "Production"), {}, True),
        (event("deployment_status", "success", "staging"), {}, True),
        (event("deployment_status", "success", "Preview"), {}, False),
        (event("deployment_status", "pending", "production"), {}, False),
        (event("deployment_status", "failure", "production"), {}, False),
        (event("deployment_status", "failure", "x"), {"environment": "staging"}, True),  # the caller knows best
    ],
)
def test_which_deployments_are_verified(github: dict[str, Any], inputs: dict[str, str], verified: bool) -> None:
    assert holds(JOBS["gate"]["if"], World({"github": github, "inputs": inputs})) is verified
