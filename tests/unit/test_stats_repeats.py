"""Repeats until a limit is decided: quick when it is far away, and wrong as rarely as promised over all looks."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from postflight.stats.repeats import Outcome, Plan, decide, interval, student

Draw = Callable[[random.Random], float]

# each has a median of 1: so 1 is the limit at which it is hardest to be right
NOISE: dict[str, Draw] = {
    "quiet": lambda chance: math.exp(chance.gauss(0, 0.03)),
    "loud": lambda chance: math.exp(chance.gauss(0, 0.2)),
    "skewed": lambda chance: 1 + 0.1 * (chance.expovariate(1) - math.log(2)),
    "very skewed": lambda chance: 1 + 0.5 * (chance.expovariate(1) - math.log(2)),
    "heavy tail": lambda chance: chance.paretovariate(3) / 2 ** (1 / 3),
}
# scipy.stats.t.ppf
QUANTILES = [
    (0.99, 1, 31.820516), (0.995, 2, 9.924843), (0.99, 5, 3.364930), (0.9995, 7, 5.407883), (0.975, 30, 2.042272),
]  # fmt: skip


def run(draws: Iterator[float], limit: float, plan: Plan) -> tuple[Outcome, int]:
    """Repeat as a caller does, and return the answer with the number of repeats."""
    values: list[float] = []
    while True:
        values.append(next(draws))
        outcome = decide(values, limit, plan)
        if outcome is not Outcome.MORE:
            return outcome, len(values)


def outcomes(draw: Draw, limit: float, runs: int, plan: Plan, seed: int = 7) -> Counter[Outcome]:
    chance = random.Random(seed)
    return Counter(run(iter(lambda: draw(chance), None), limit, plan)[0] for _ in range(runs))


@pytest.mark.parametrize(("probability", "freedom", "quantile"), QUANTILES)
def test_quantiles_are_students(probability: float, freedom: int, quantile: float) -> None:
    assert student(probability, freedom) == pytest.approx(quantile, rel=1e-6)


@pytest.mark.parametrize("noise", NOISE)
def test_wrong_at_the_limit_as_rarely_as_promised(noise: str, pytestconfig: pytest.Config) -> None:
    plan, runs = Plan(), 20_000 if pytestconfig.getoption("--prove") else 1_000
    counted = outcomes(NOISE[noise], 1.0, runs, plan)
    # three standard errors above alpha; noise with a spread of half its size may keep a limit wrongly at 2 %
    for outcome, most in ((Outcome.BROKEN, plan.alpha), (Outcome.KEPT, 2 * plan.alpha)):
        assert counted[outcome] <= runs * most + 3 * math.sqrt(runs * most * (1 - most)), counted


@pytest.mark.parametrize(("typical", "expected"), [(0.4, Outcome.KEPT), (2.5, Outcome.BROKEN)])
def test_far_from_the_limit_the_fewest_repeats_decide(typical: float, expected: Outcome) -> None:
    chance = random.Random(3)
    found = [run(iter(lambda: typical * NOISE["quiet"](chance), None), 1.0, Plan()) for _ in range(200)]
    assert set(found) == {(expected, 3)}


def test_a_disturbed_visit_does_not_hide_that_all_keep_a_limit_that_is_far_away() -> None:
    values = [0.3, 0.3, 0.95, 0.3, 0.3, 0.95, 0.3, 0.3]
    assert decide(values[:3], 1.0, Plan()) is Outcome.MORE
    assert decide(values, 1.0, Plan()) is Outcome.KEPT
    assert interval(values, Plan()) == (0.3, 0.95)


def test_nothing_is_broken_while_one_value_keeps_the_limit() -> None:
    values = [1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 0.99]
    assert decide(values, 1.0, Plan()) is Outcome.MORE
    assert decide([*values, 1.2], 1.0, Plan()) is Outcome.SPENT


def test_equal_values_are_not_certain() -> None:
    low, high = interval([0.95, 0.95, 0.95], Plan())
    assert low < 0.9 < 1.0 < high


def test_resolution_keeps_tiny_times_from_looking_noisy() -> None:
    values = [0.002, 0.008, 0.004]
    assert decide(values, 0.2, Plan()) is Outcome.MORE
    assert decide(values, 0.2, Plan(resolution=0.05)) is Outcome.KEPT
    assert decide([0.0, 0.0, 0.0], 0.2, Plan(resolution=0.05)) is Outcome.KEPT


def test_the_looks_share_alpha() -> None:
    plan = Plan(fewest=3, most=8, alpha=0.01)
    spent = sum(plan.alpha_at(repeats) for repeats in range(3, 9)) + plan.alpha_of_range
    assert spent == pytest.approx(plan.alpha)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fewest": 1},
        {"fewest": 9},
        {"alpha": 0.0},
        {"alpha": 0.7},
        {"spread": 0.0},
        {"resolution": -1.0},
        {"fewest": 3, "most": 5},
    ],
)
def test_plans_that_promise_too_much_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Plan(**wrong)  # type: ignore[arg-type]


def test_values_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        interval([1.0, -0.1, 1.0], Plan())
    assert decide([], 1.0, Plan()) is Outcome.MORE
    assert interval([1.0, 1.0], Plan()) == (0.0, math.inf)
