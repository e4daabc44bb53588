"""The promise itself, by Monte Carlo: healthy watches fire with a probability of at most alpha. And what breaks it."""

import random
from bisect import bisect
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from math import comb

import pytest

from postflight.stats import latencies, rates
from postflight.stats.blocks import Block
from postflight.stats.eprocess import SequentialTest
from postflight.stats.floor import Proof, judge

ALPHA, LIMIT, REQUESTS, BLOCKS, RUNS = 0.1, 0.2, 10, 60, 2000
# The standard error of 2000 watches is 0.7 %: a rule that is wrong in 12 % of them, not 10 %, would be caught.

Watch = list[Block]
Rule = Callable[[Watch], bool]


def healthy_watches(seed: int, share: float = LIMIT) -> list[Watch]:
    """Watches of independent errors, by default exactly at the limit: the hardest healthy case."""
    cumulative = list(
        accumulate(comb(REQUESTS, k) * share**k * (1 - share) ** (REQUESTS - k) for k in range(REQUESTS + 1))
    )
    dice = random.Random(seed)
    return [
        [Block(REQUESTS, min(REQUESTS, bisect(cumulative, dice.random()))) for _ in range(BLOCKS)] for _ in range(RUNS)
    ]


def false_rollbacks(rule: Rule, watches: list[Watch]) -> float:
    return sum(map(rule, watches)) / len(watches)


def sequential(make: Callable[..., SequentialTest], limit: float = LIMIT, alpha: float = ALPHA) -> Rule:
    test = make(limit, alpha=alpha, blocks=BLOCKS)

    def fires(watch: Watch) -> bool:
        state = test.start()
        for block in watch:
            state = state.update(block)
        return state.fired

    return fires


@cache
def refutes(total: Block) -> bool:
    """The exact binomial test at level ALPHA."""
    return judge(1 - LIMIT, 1 - ALPHA, requests=total.requests, failures=total.bad).proof is Proof.REFUTED


def fixed_test_looked_at_once(watch: Watch) -> bool:
    total = sum(watch, Block(0, 0))
    return refutes(total)


def fixed_test_looked_at_after_every_block(watch: Watch) -> bool:
    """The mutant: the same exact binomial test, but it may fire at any look."""
    total = Block(0, 0)
    for block in watch:
        total += block
        if refutes(total):
            return True
    return False


def restarts_without_paying_for_them(watch: Watch) -> bool:
    """The mutant: S_j without its 1/K."""
    test = rates.above(LIMIT, alpha=ALPHA, blocks=BLOCKS)
    m, s = [1.0] * 8, [0.0] * 8
    factors = {k: [min(test.cap, 2.718281828**f) for f in test.factors.log_factors(REQUESTS, k)] for k in range(11)}
    for block in watch:
        m = [a * f for a, f in zip(m, factors[block.bad], strict=True)]
        s = [(1 + a) * f for a, f in zip(s, factors[block.bad], strict=True)]
        if sum(m) / 16 + sum(s) / 16 >= 1 / ALPHA:
            return True
    return False


@pytest.mark.parametrize("make", [rates.above, rates.below, latencies.above, latencies.below])
def test_at_most_alpha_of_all_watches_at_the_limit_fire(make):
    assert false_rollbacks(sequential(make), healthy_watches(seed=1)) <= ALPHA


def test_the_bound_is_not_kept_by_never_firing():
    """Guards the test above: the rule uses a good part of its alpha, and finds what is bad."""
    assert false_rollbacks(sequential(rates.above), healthy_watches(seed=1)) > ALPHA / 10
    assert false_rollbacks(sequential(rates.above), healthy_watches(seed=1, share=0.35)) > 0.99


def test_a_fixed_test_keeps_its_bound_when_looked_at_once():
    assert false_rollbacks(fixed_test_looked_at_once, healthy_watches(seed=2)) <= ALPHA


@pytest.mark.parametrize(
    "mutant",
    [
        fixed_test_looked_at_after_every_block,
        restarts_without_paying_for_them,
        pytest.param(sequential(rates.above, limit=0.8 * LIMIT), id="a_limit_set_too_low"),
    ],
)
def test_the_simulation_catches_rules_that_break_the_bound(mutant):
    assert false_rollbacks(mutant, healthy_watches(seed=2)[:500]) > 1.5 * ALPHA


def test_bets_hold_where_errors_cluster_within_blocks_and_likelihood_ratios_do_not():
    """All requests of a block share one fate, bad in 20 % of the blocks: a mean at the limit, no independence."""
    dice = random.Random(3)
    watches = [[Block(REQUESTS, REQUESTS if dice.random() < LIMIT else 0) for _ in range(BLOCKS)] for _ in range(RUNS)]
    assert false_rollbacks(sequential(latencies.above), watches) <= ALPHA
    assert false_rollbacks(sequential(rates.above), watches) > 1.5 * ALPHA


def test_triggers_that_share_alpha_keep_it_together():
    rule = sequential(rates.above, alpha=ALPHA / 3)
    sets = [healthy_watches(seed) for seed in (4, 5, 6)]
    together = sum(any(map(rule, three)) for three in zip(*sets, strict=True))
    assert together / RUNS <= ALPHA
