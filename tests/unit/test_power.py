"""`make power`: what is planted is planted exactly, and a rule's rate is that of the rule."""

import random

import pytest

from postflight.stats.paired import Round
from scripts.power import rules, server
from scripts.power.plants import HEALTHY, SCRIPT, Plant, parse


@pytest.mark.parametrize("plant", [HEALTHY, Plant(cpu=20), Plant(delay=100, inp=50), Plant(bytes=1, shift=20)])
def test_a_variant_is_found_again_in_its_path(plant: Plant) -> None:
    assert parse(plant.path) == plant


def test_what_cannot_be_planted_is_refused() -> None:
    with pytest.raises(TypeError):
        parse("gravity=5")


@pytest.mark.parametrize("share", [0, 1, 10])
def test_bytes_are_planted_exactly(share: int) -> None:
    assert len(server.script(Plant(bytes=share))) == SCRIPT * (100 + share) // 100


def test_only_what_is_planted_differs() -> None:
    healthy, slower = server.script(HEALTHY), server.script(Plant(cpu=20))
    assert len(healthy) == len(slower)
    assert sum(one != other for one, other in zip(healthy, slower, strict=True)) < 100


def test_pages_that_are_twice_as_slow_are_found_and_equal_ones_are_not() -> None:
    dice = random.Random(1)
    old, same, twice = ([(dice.gauss(side, 0.01), dice.gauss(side, 0.01)) for _ in range(8)] for side in (1, 1, 2))
    assert rules.count(rules.few(old, twice, 6, 0.01), 30).share == 1
    assert rules.count(rules.few(old, same, 6, 0.01), 30).share == 0
    assert rules.count(rules.means(old, twice, 6, rules.THEIR_LIMIT), 30).share == 1


def test_requests_that_are_slower_are_found_and_no_block_counts_twice() -> None:
    dice = random.Random(2)
    rounds = [Round(*(dice.gauss(side, 0.05) for side in (1, 1.3, 1, 1.3))) for _ in range(600)]
    assert rules.count(rules.many(rounds, 400), 5).share == 1
    with pytest.raises(ValueError, match="larger than"):
        rules.many(rounds, 650)(dice)


def test_a_rate_has_clopper_and_pearsons_interval() -> None:
    low, high = rules.Rate(0, 100).interval
    assert (low, round(high, 4)) == (0, 0.0362)
    assert str(rules.Rate(0, 100)) == "0 % (0 to 3.62)"
