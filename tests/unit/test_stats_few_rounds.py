"""Few rounds: exact by counting, robust to a wild visit, and silent where they are too few."""

import math
import random
from itertools import combinations, product

import pytest

from postflight.stats.few_rounds import chance_as_high, compare, fewest_rounds
from postflight.stats.paired import Change, Round

MARGIN, ALPHA = 0.05, 0.01


def rounds(
    seed: int, *, ratio: float = 1.0, count: int = 8, noise: float = 0.03, again: float = 1.0, wild: float = 0.0
) -> list[Round]:
    """Visits on a machine whose load wanders; `wild` is the share of those that take thrice as long."""
    dice = random.Random(seed)

    def once(load: float) -> float:
        return 800 * math.exp(load + dice.gauss(0, noise)) * (3 if dice.random() < wild else 1)

    taken = []
    for _ in range(count):
        load = dice.gauss(0, 0.2)
        taken.append(Round(once(load), once(load) * ratio, once(load) * again, once(load) * ratio))
    return taken


def found(runs: int, **given: float) -> dict[Change, int]:
    answers = [
        compare(rounds(seed, **given), margin=MARGIN, alpha=ALPHA).answer  # type: ignore[arg-type]
        for seed in range(runs)
    ]
    return {change: answers.count(change) for change in Change}


def test_the_chance_is_the_share_of_all_ways_to_draw_the_names() -> None:
    rows = [(9.0, 4.0, 2.0, 6.0), (1.0, 8.0, 3.0, 5.0)]
    # distances from the medians 5 and 4: 4 -1 -3 1 and -3 4 -1 1; their ranks, doubled, and shared where they tie
    ranks = [(14, 6, 2, 10), (2, 14, 6, 10)]
    choices = list(product(*(combinations(row, 2) for row in ranks)))
    as_high = [choice for choice in choices if sum(map(sum, choice)) >= 14 + 6 + 2 + 14]
    assert len(choices) == 36
    assert chance_as_high(rows) == pytest.approx(len(as_high) / 36)


@pytest.mark.parametrize(("alpha", "fewest"), [(0.4, 1), (1 / 6, 1), (0.05, 2), (0.01, 3), (0.001, 4)])
def test_how_few_rounds_can_speak(alpha: float, fewest: int) -> None:
    assert fewest_rounds(alpha) == fewest
    if fewest > 1:
        with pytest.raises(ValueError, match=f"it takes {fewest} to"):
            compare(rounds(0, count=fewest - 1), margin=MARGIN, alpha=alpha)


def test_the_fewest_rounds_find_what_stands_out_in_all_of_them() -> None:
    clear = compare(rounds(1, ratio=2, count=3), margin=MARGIN, alpha=ALPHA)
    assert clear.answer is Change.SLOWER
    assert clear.slower == pytest.approx(6**-3)
    assert clear.change.low > 1 + MARGIN
    assert clear.control.low == 0  # six pairs of names are too few to rule anything out at 1 %
    assert clear.control.high == math.inf


def test_false_alarms_stay_below_alpha_when_the_new_one_is_slower_by_the_margin() -> None:
    alarms = 0
    for seed in range(300):
        alarms += compare(rounds(seed, ratio=1 + MARGIN), margin=MARGIN, alpha=0.1).slower <= 0.1
    assert 12 <= alarms <= 42  # 30 are expected at most; a rule that never speaks would show none


@pytest.mark.parametrize("wild", [0.0, 0.2])
def test_identical_code_is_not_called_slower(wild: float) -> None:
    answers = found(80, wild=wild, count=10)
    assert answers[Change.SLOWER] <= 1
    if not wild:
        assert answers[Change.NOT_SLOWER] > 60


def test_a_wild_visit_does_not_hide_a_slower_page() -> None:
    assert found(40, ratio=1.4, count=12, wild=0.05)[Change.SLOWER] >= 36


def test_a_faster_page_is_not_slower() -> None:
    assert found(30, ratio=0.8)[Change.NOT_SLOWER] == 30


def test_the_interval_holds_the_truth_and_agrees_with_the_answer() -> None:
    held = 0
    for seed in range(60):
        one = compare(rounds(seed, ratio=1.2), margin=MARGIN, alpha=0.05)
        held += one.change.low <= 1.2 <= one.change.high
        assert one.change.low <= one.change.middle <= one.change.high
        if one.is_quiet:
            assert (one.answer is Change.SLOWER) == (one.change.low > 1 + MARGIN)
    assert held >= 50  # both bounds at 5 %: 54 are expected


def test_a_control_that_differs_from_itself_forbids_an_answer() -> None:
    disturbed = compare(rounds(3, ratio=2, again=1.5, count=10), margin=MARGIN, alpha=ALPHA)
    assert not disturbed.is_quiet
    assert disturbed.answer is Change.UNDECIDED


def test_equal_counts_are_not_slower() -> None:
    same = compare([Round(120.0, 120.0, 120.0, 120.0)] * 5, margin=MARGIN, alpha=ALPHA)
    assert same.answer is Change.NOT_SLOWER
    assert same.change.low == pytest.approx(1)
    assert same.change.high == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rounds": [Round(1, 1, 1, 1)] * 61, "margin": 0.05, "alpha": 0.01}, "61 rounds"),
        ({"rounds": [Round(1, 0, 1, 1)] * 6, "margin": 0.05, "alpha": 0.01}, "above 0"),
        ({"rounds": [Round(1, 1, 1, 1)] * 6, "margin": 0.0, "alpha": 0.01}, "margin"),
        ({"rounds": [Round(1, 1, 1, 1)] * 6, "margin": 0.05, "alpha": 1.0}, "alpha"),
    ],
)
def test_what_cannot_be_compared_is_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compare(**given)  # type: ignore[arg-type]
