"""Rounds of requests: both sides have equally many turns, in an order drawn anew."""

import math
import random
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from postflight.errors import CannotMeasure, NotEnoughEvidence, UnexpectedAnswer, Unreachable
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


def answering(name: str, *answers: Response | Exception) -> Any:
    """A side that gives these answers, one after the other, and the last one from then on."""
    left = list(answers)

    def send(_request: Request) -> Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(name=name, send=send)


def reply(status: int = 200, body: bytes = b"ok", kind: str = "text/html", *, location: str = "") -> Response:
    headers = (("Content-Type", kind), *((("Location", location),) if location else ()))
    return Response(status, headers, body, "http://side.test/", 0.01)


RESET = Unreachable("reset the connection")


def test_one_lost_request_of_thousands_is_the_networks_and_two_are_not() -> None:
    once = Sides(answering("old", reply()), answering("new", RESET, reply())).rounds("/", random.Random(1))
    assert [next(once).new for _ in range(3)] == [0.01] * 3
    twice = Sides(answering("old", reply()), answering("new", RESET, reply(), RESET, reply()))
    with pytest.raises(Unreachable):
        for _ in zip(range(3), twice.rounds("/", random.Random(1)), strict=False):
            pass


def test_what_fails_on_both_sides_at_once_is_not_the_new_deployment() -> None:
    both = Sides(answering("old", reply(), RESET), answering("new", RESET))
    with pytest.raises(CannotMeasure, match="the old deployment is no measure"):
        both.warm_up("/", 1, math.inf)


def test_who_is_asked_too_often_is_not_slow() -> None:
    for old, new in ((reply(), reply(429)), (reply(429), reply())):
        with pytest.raises(NotEnoughEvidence, match="429"):
            next(Sides(answering("old", old), answering("new", new)).rounds("/", random.Random(1)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (reply(), reply(body=b""), "something else (text/html, 0 bytes) than"),
        (reply(kind="application/json"), reply(), "something else (text/html, 2 bytes) than"),
        (reply(302, location="http://www.test/"), reply(302, location="/login"), "only leads to http://www.test/"),
        (reply(302, location="/login"), reply(302, location="http://side.test:81/"), "only leads to"),
    ],
)
def test_answers_of_another_kind_are_not_compared(old: Response, new: Response, words: str) -> None:
    with pytest.raises(NotEnoughEvidence, match=re.escape(words)):
        next(Sides(answering("old", old), answering("new", new)).rounds("/", random.Random(1)))


def test_answers_of_one_kind_are_compared_whatever_is_in_them() -> None:
    old, new = reply(302, kind="text/html; charset=utf-8", location="/a"), reply(302, b"more", location="/b")
    assert next(Sides(answering("old", old), answering("new", new)).rounds("/", random.Random(1))).old == 0.01


def test_warming_up_ends_with_its_time() -> None:
    with pytest.raises(CannotMeasure, match="only 0 requests to each side"):
        Sides(answering("old", reply()), answering("new", reply())).warm_up("/", 5, -math.inf)


def test_what_fails_is_not_timed() -> None:
    with pytest.raises(CannotMeasure, match="the old deployment is no measure"):
        next(sides([], lambda _since: 0.01, old=500).rounds("/", random.Random(1)))
    with pytest.raises(UnexpectedAnswer):
        next(sides([], lambda _since: 0.01, new=500).rounds("/", random.Random(1)))
