"""The evaluator itself: it decides what our workflows would do, so it must not be wrong, and refuses what is new."""

import pytest

from tests.workflows.expressions import Refused, World, evaluate, holds, insert

CONTEXTS = {"needs": {"gate": {"outputs": {"verdict": "Rollback"}, "result": "failure"}}, "inputs": {"n": 5.0}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("${{ 'it''s' }}", "it's"),
        ("needs.gate.outputs.verdict == 'rollback'", True),  # texts are compared without their case
        ("needs.gate.outputs.nothing.at.all", None),
        ("inputs.nothing != ''", False),  # null and '' are both 0
        ("inputs.n == '5'", True),
        ("'x' == 0", False),  # NaN equals nothing
        ("inputs.nothing || 'else'", "else"),
        ("inputs.n && 'then' || 'else'", "then"),
        ("true || false && false", True),  # && binds more strongly
        ("(true || false) && false", False),
        ("!false && !(1 == 2)", True),
        ("contains(fromJSON('[\"staging\", \"production\"]'), 'Production')", True),
        ("contains(fromJSON('[\"staging\", \"production\"]'), 'preview')", False),
        ("contains('production', 'prod')", True),
    ],
)
def test_values(expression: str, value: object) -> None:
    assert evaluate(expression, World(CONTEXTS)) == value


@pytest.mark.parametrize(
    "expression",
    ["github.actor == 'x'", "hashFiles('x')", "1 < 2", "needs.*.result", "a ${{ true }}", "${{ true }} ${{ true }}",
     "'open", "needs['gate']", "true false", "(true", "success('x')", ""],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(expression: str) -> None:
    with pytest.raises(Refused):
        evaluate(expression, World({"needs": {}}))


@pytest.mark.parametrize(
    ("condition", "results", "cancelled", "runs"),
    [
        (None, ["success"], False, True),
        (None, ["failure"], False, False),
        (None, ["skipped"], False, False),
        ("true", ["failure"], False, False),  # success() is implied ...
        ("!cancelled()", ["failure"], False, True),  # ... unless a status is asked for
        ("!cancelled()", ["success"], True, False),
        ("always()", ["failure"], True, True),
        ("failure()", ["failure"], False, True),
        ("failure()", ["success"], False, False),
        ("false", ["success"], False, False),
    ],
)
def test_conditions(condition: str | None, results: list[str], cancelled: bool, runs: bool) -> None:
    assert holds(condition, World(CONTEXTS, results, cancelled)) is runs


def test_values_are_inserted_into_texts() -> None:
    assert insert("a ${{ inputs.n }} b ${{ inputs.nothing }}${{ true }}", World(CONTEXTS)) == "a 5 b true"
