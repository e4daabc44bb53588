"""How a check of the contract fails: with the first violation's cause, and all of them in `results.sarif`."""

from collections.abc import Callable, Iterable

import pytest

from postflight.checks.invariants.exchange import Violation
from postflight.model import Weakness

Hold = Callable[[Iterable[Violation]], None]


@pytest.fixture
def hold(weaknesses: list[Weakness]) -> Hold:
    """A function that fails when there are violations."""

    def check(violations: Iterable[Violation]) -> None:
        found = list({(one.law, one.cause): one for one in violations}.values())
        weaknesses.extend(one.weakness() for one in found)
        if found:
            raise found[0].error(len(found) - 1)

    return check
