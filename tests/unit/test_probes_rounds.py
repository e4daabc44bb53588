"""Rounds of requests: both sides have equally many turns, in an order drawn anew."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from postflight.errors import CannotMeasure, UnexpectedAnswer
from postflight.flow import Request, Response
from postflight.probes.rounds import Sides


class Side:
    """A client of one side, which writes down its turns and takes the seconds that it is told."""

    def __init__(self, name: str, turns: list[str], seconds: Callable[[int], float], status: int = 200) -> None:
        self.name, self.turns, self.seconds, self.status = name, turns, seconds, status

    def send(self, request: Request) -> Response:
        since = len(self.turns) - next(
            (at for at in range(len(self.turns) - 1, -1, -1) if self.turns[at] == self.name), -1
        )
        self.turns.append(self.name)
        return Response(self.status, (), b"ok", f"http://{self.name}.test/", self.seconds(since))


def sides(turns: list[str], seconds: Callable[[int], float], *, new: int = 200, old: int = 200) -> Sides:
    make: Any = Side
    return Sides(make("old", turns, seconds, old), make("new", turns, seconds, new))


def test_both_sides_have_equally_many_turns_in_every_round() -> None:
    turns: list[str] = []
    rounds = sides(turns, lambda _since: 0.01).rounds("/", random.Random(1))
    orders = []
    for _ in range(30):
        next(rounds)
        orders.append(tuple(turns[-4:]))
        assert sorted(orders[-1]) == ["new", "new", "old", "old"]
    assert len(set(orders)) == 6


def test_a_side_that_is_slower_the_longer_it_was_not_asked_is_not_taken_for_a_slower_side() -> None:
    taken = []
    rounds = sides([], lambda since: 0.01 * (1 + 0.1 * since)).rounds("/", random.Random(2))
    for _ in range(2000):
        one = next(rounds)
        taken.append((one.new + one.anew) / (one.old + one.again))
    assert sum(taken) / len(taken) == pytest.approx(1, abs=0.01)


def test_what_fails_is_not_timed() -> None:
    with pytest.raises(CannotMeasure, match="the old deployment is no measure"):
        next(sides([], lambda _since: 0.01, old=500).rounds("/", random.Random(1)))
    with pytest.raises(UnexpectedAnswer):
        next(sides([], lambda _since: 0.01, new=500).rounds("/", random.Random(1)))
