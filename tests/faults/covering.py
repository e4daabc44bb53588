"""Which rows of a fault table run by default: the fewest that turn each check red once. `--prove` runs them all."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pytest

Row = TypeVar("Row")


def covering(table: Iterable[Row], checks: Callable[[Row], Sequence[str]]) -> list[Row]:
    """Return the rows with a check that no row before them has, in order."""
    seen: set[str] = set()
    chosen: list[Row] = []
    for row in table:
        if not seen.issuperset(checks(row)):
            chosen.append(row)
            seen.update(checks(row))
    return chosen


def rows(config: pytest.Config, table: Sequence[Row], checks: Callable[[Row], Sequence[str]]) -> Sequence[Row]:
    """Return what this run plants."""
    return table if config.getoption("--prove") else covering(table, checks)
