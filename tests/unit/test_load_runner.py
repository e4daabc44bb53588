"""How Locust's processes are started."""

import pytest

from postflight.load.orders import BUDGETS_VARIABLE, Orders
from postflight.load.runner import environment_of


@pytest.mark.parametrize("asked", ["", "mine.yaml"])
def test_a_run_has_the_shapes_of_its_own_budgets(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv(BUDGETS_VARIABLE, "somebody-elses.yaml")
    assert environment_of(Orders(budgets=asked))[BUDGETS_VARIABLE] == asked
