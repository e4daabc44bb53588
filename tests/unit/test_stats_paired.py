"""Paired comparison: what it finds, what it must not find, and when it says that it cannot tell."""

import math
import random
from collections.abc import Callable

import pytest

from postflight.stats.paired import FEWEST_ROUNDS, Change, Interval, Round, compare

MARGIN = 0.05


def rounds(
    seed: int,
    *,
    ratio: float = 1.0,
    count: int = 400,
    memory: float = 0.9,
    again: float = 1.0,
    fade: float = 0.0,
) -> list[Round]:
    """Noisy rounds of a machine whose load wanders (an AR(1) process that all three share), with rare slow answers.

    `again` slows the control, `fade` is a slowness of the new side that is gone after half of the rounds.
    """
    dice, load, taken = random.Random(seed), 0.0, []

    def once() -> float:
        return 0.002 * math.exp(load + dice.gauss(0, 0.15) + (1.5 if dice.random() < 0.02 else 0))

    for number in range(count):
        load = memory * load + dice.gauss(0, 0.1)
        warming = 1 + fade * max(0.0, 1 - number / (count / 2))
        taken.append(Round(once(), once() * ratio * warming, once() * again, once() * ratio * warming))
    return taken


def answers(make: Callable[[int], list[Round]], runs: int, alpha: float = 0.01) -> dict[Change, int]:
    found = [compare(make(seed), margin=MARGIN, alpha=alpha, seed=seed).answer for seed in range(runs)]
    return {change: found.count(change) for change in Change}


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.99])
def test_identical_code_is_never_called_slower(memory: float) -> None:
    found = answers(lambda seed: rounds(seed, memory=memory), runs=60)
    assert found[Change.SLOWER] == 0
    assert found[Change.NOT_SLOWER] > 20


def test_at_the_margin_itself_false_alarms_stay_below_alpha() -> None:
    found = answers(lambda seed: rounds(seed, ratio=1 + MARGIN, count=100), runs=200, alpha=0.1)
    assert found[Change.SLOWER] <= 20  # 10 would be expected: one of the two sides of alpha


@pytest.mark.parametrize(("ratio", "at_least"), [(1.11, 50), (1.2, 57)])
def test_a_slower_deployment_is_found(ratio: float, at_least: int) -> None:
    found = answers(lambda seed: rounds(seed, ratio=ratio, count=800), runs=60)
    assert found[Change.SLOWER] >= at_least
    assert found[Change.NOT_SLOWER] == 0


def test_a_faster_deployment_is_not_slower() -> None:
    assert compare(rounds(1, ratio=0.8), margin=MARGIN, alpha=0.01, seed=1).answer is Change.NOT_SLOWER


def test_nothing_is_claimed_when_the_control_differs_from_itself() -> None:
    found = compare(rounds(2, ratio=1.3, again=1.4), margin=MARGIN, alpha=0.01, seed=1)
    assert not found.is_quiet
    assert found.answer is Change.UNDECIDED


def test_nothing_is_claimed_while_a_side_is_still_warming_up() -> None:
    found = compare(rounds(3, fade=1.0), margin=MARGIN, alpha=0.01, seed=1)
    assert not found.is_steady
    assert found.answer is Change.UNDECIDED
    assert compare(rounds(3, fade=1.0)[200:], margin=MARGIN, alpha=0.01, seed=1).is_steady


def test_the_same_rounds_give_the_same_interval() -> None:
    taken = rounds(4)
    assert compare(taken, margin=MARGIN, alpha=0.01, seed=7) == compare(taken, margin=MARGIN, alpha=0.01, seed=7)


def test_the_estimate_is_the_ratio_of_geometric_means() -> None:
    taken = [Round(1.0, 2.0, 1.0, 2.0), Round(4.0, 2.0, 1.0, 2.0)] * 20
    found = compare(taken, margin=MARGIN, alpha=0.01, seed=1)
    assert found.change.middle == pytest.approx(math.sqrt(2.0 / 1.0 * 2.0 / 2.0))
    assert found.control.middle == pytest.approx(0.5)


def test_an_interval_without_spread_is_exact() -> None:
    found = compare([Round(1.0, 1.2, 1.0, 1.2)] * FEWEST_ROUNDS, margin=MARGIN, alpha=0.01, seed=1)
    assert (found.change.low, found.change.high) == (pytest.approx(1.2), pytest.approx(1.2))
    assert found.answer is Change.SLOWER


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (1.06, 1.2, Change.SLOWER),
        (1.04, 1.2, Change.UNDECIDED),
        (0.9, 1.06, Change.UNDECIDED),
        (0.9, 1.04, Change.NOT_SLOWER),
        (0.5, 0.6, Change.NOT_SLOWER),
    ],
)
def test_what_an_interval_shows(low: float, high: float, answer: Change) -> None:
    assert Interval(low, (low + high) / 2, high).judge(MARGIN) is answer


@pytest.mark.parametrize(
    ("taken", "margin", "alpha", "words"),
    [
        (rounds(1, count=FEWEST_ROUNDS - 1), 0.05, 0.01, "too few"),
        ([*rounds(1), Round(1.0, 1.0, 1.0, 0.0)], 0.05, 0.01, "above 0 s"),
        (rounds(1), 0.0, 0.01, "margin above 0"),
        (rounds(1), 0.05, 1.0, "between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(taken: list[Round], margin: float, alpha: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        compare(taken, margin=margin, alpha=alpha, seed=1)
