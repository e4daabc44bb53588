"""The sequential tests against their formulas, written again slowly and exactly."""

import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postflight.stats import latencies, rates
from postflight.stats.blocks import MISSING, Block
from postflight.stats.eprocess import SequentialTest, State

untimed = settings(deadline=None)  # a slow machine is no failure

MAKERS = [rates.above, rates.below, latencies.above, latencies.below]
makers = st.sampled_from(MAKERS)
limits = st.floats(0.005, 0.6)
any_block = st.integers(0, 400).flatmap(lambda n: st.integers(0, n).map(lambda k: Block(n, k)))


def feed(test: SequentialTest, blocks: list[Block]) -> State:
    state = test.start()
    for block in blocks:
        state = state.update(block)
    return state


# ---- the same formulas, as DESIGN has them: no logarithms, 60 digits


def slow_factors(test: SequentialTest, block: Block) -> list[Decimal]:
    b, n, k = Decimal(test.factors.limit), block.requests, block.bad
    if isinstance(test.factors, rates.LikelihoodRatios):
        factors = []
        for step in test.factors.steps:
            odds = b / (1 - b) * Decimal(step).exp()
            p = odds / (1 + odds)
            factors.append((p / b) ** k * ((1 - p) / (1 - b)) ** (n - k))
    elif test.factors.mirrored:
        factors = [1 + Decimal(stake) / (1 - b) * (b - Decimal(k) / n) for stake in latencies.STAKES]
    else:
        factors = [1 + Decimal(stake) / b * (Decimal(k) / n - b) for stake in latencies.STAKES]
    return [min(Decimal(test.cap), factor) for factor in factors]


def slow_evidence(test: SequentialTest, blocks: list[Block]) -> list[Decimal]:
    m, s, evidence = [Decimal(1)] * 8, [Decimal(0)] * 8, []
    for block in blocks:
        factors = slow_factors(test, block) if block.requests else [Decimal(1)] * 8
        m = [a * f for a, f in zip(m, factors, strict=True)]
        s = [(1 + a) * f for a, f in zip(s, factors, strict=True)]
        evidence.append(sum(m) / 8 / 2 + sum(s) / 8 / (2 * test.blocks))
    return evidence


@untimed
@given(makers, limits, st.lists(any_block, min_size=1, max_size=12))
def test_evidence_equals_the_formulas(maker, limit, blocks):
    test = maker(limit, alpha=0.01, blocks=20)
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 60, -999_999_999, 999_999_999
        expected = slow_evidence(test, blocks)
        state, fired_at = test.start(), None
        for number, (block, evidence) in enumerate(zip(blocks, expected, strict=True), 1):
            state = state.update(block)
            assert state.log_evidence == pytest.approx(float(evidence.ln()), rel=1e-9, abs=1e-7)
            if fired_at is None and evidence >= 100 and abs(evidence - 100) > Decimal("1e-6"):
                fired_at = number
    assert state.fired_at == fired_at


def test_the_alternatives_are_those_of_the_design():
    factors = rates.LikelihoodRatios(0.05)
    for step, log_f in zip(rates.STEPS, factors.log_factors(1, 1), strict=True):
        p = 0.05 * math.exp(log_f)  # f_j = p_j/b for one bad request
        assert math.log(p / (1 - p)) == pytest.approx(math.log(0.05 / 0.95) + step)


# ---- the error bound, exactly


def exact_mean(test: SequentialTest, n: int, p: Fraction) -> Fraction:
    """Mean of the largest capped factor for n iid requests; floats become the fractions that they are."""
    means = []
    by_count = [[Fraction(math.exp(f)) for f in test.capped_log_factors(n, k)] for k in range(n + 1)]
    for factors in zip(*by_count, strict=True):
        means.append(sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) * f for k, f in enumerate(factors)))
    return max(means)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("n", [1, 2, 7, 30])
@pytest.mark.parametrize("numerator", range(0, 101, 5))
def test_every_factor_has_a_mean_of_at_most_one_within_the_limit(maker, n, numerator):
    share, limit = Fraction(numerator, 100), Fraction(1, 5)
    test = maker(float(limit), alpha=0.01, blocks=10)
    within = share >= limit if maker in (rates.below, latencies.below) else share <= limit
    mean = exact_mean(test, n, share)
    if within:
        assert mean <= 1 + Fraction(1, 10**12)  # the factors are floats
    elif abs(share - limit) >= Fraction(1, 10):
        assert mean > 1  # or the test could find nothing


@pytest.mark.parametrize("maker", [rates.above, latencies.above])
@pytest.mark.parametrize("share", [Fraction(1, 10), Fraction(3, 10)])
def test_a_deployment_within_its_limit_fires_with_at_most_alpha_counted_over_all_outcomes(maker, share):
    n, blocks, alpha = 2, 6, 0.2
    test = maker(0.3, alpha=alpha, blocks=blocks)
    wrong = Fraction(0)
    chances = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    for path in itertools.product(range(n + 1), repeat=blocks):
        if feed(test, [Block(n, k) for k in path]).fired:
            wrong += math.prod((chances[k] for k in path), start=Fraction(1))
    assert 0 < wrong <= Fraction(alpha)


@untimed
@given(makers, limits, st.lists(any_block, max_size=8), st.integers(1, 25), st.floats(0, 1))
def test_the_evidence_with_what_is_left_of_the_watch_is_a_supermartingale(maker, limit, past, n, fraction):
    """E + (K - t)/(2K) does not grow on average, whatever came before: the step that Ville's inequality needs."""
    test = maker(limit, alpha=0.01, blocks=20)
    state = feed(test, past)
    mirrored = maker in (rates.below, latencies.below)
    share = limit + fraction * (1 - limit) if mirrored else fraction * limit
    chances = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    after = math.fsum(c * state.update(Block(n, k)).evidence for k, c in enumerate(chances))
    assert after + (20 - state.blocks - 1) / 40 <= (state.evidence + (20 - state.blocks) / 40) * (1 + 1e-9)


# ---- what the cap promises


@untimed
@given(
    makers,
    limits,
    st.sampled_from([0.2, 0.05, 0.01, 0.005, 0.0001]),
    st.integers(1, 30),
    st.integers(0, 29),
    st.integers(1, 10**6),
)
def test_one_bad_block_among_missing_ones_never_fires(maker, limit, alpha, blocks, position, requests):
    test = maker(limit, alpha=alpha, blocks=blocks)
    bad = 0 if maker in (rates.below, latencies.below) else requests
    sequence = [Block(requests, bad) if i == position % blocks else MISSING for i in range(blocks)]
    assert not feed(test, sequence).fired


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.005, 0.001])
def test_two_blocks_with_all_requests_bad_fire_at_the_start(alpha):
    test = rates.above(0.05, alpha=alpha, blocks=60)
    assert feed(test, [Block(1000, 1000)] * 2).fired_at == 2


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("blocks", [1, 2, 60, 180])
def test_fewest_blocks_are_those_of_the_clearest_traffic(make, blocks):
    test = make(0.05, alpha=0.01, blocks=blocks)
    fired = [feed(test, [Block(10**6, bad)] * blocks).fired_at for bad in (0, 10**6)]
    assert test.fewest_blocks == min((at for at in fired if at), default=None)
    if make is latencies.below:
        assert test.fewest_blocks == {180: 136}.get(blocks)


def test_without_a_cap_a_single_block_would_fire():
    """The red case: the cap is what holds a blip back."""
    test = rates.above(0.05, alpha=0.01, blocks=60)
    assert max(test.factors.log_factors(1000, 1000)) > math.log(16 * test.threshold)
    with pytest.raises(ValueError, match="one bad block alone could fire"):
        rates.above(0.05, alpha=0.01, blocks=60, cap=100)


@untimed
@given(makers, limits, st.lists(any_block, max_size=10), any_block)
def test_a_block_multiplies_the_evidence_by_at_most_the_cap(maker, limit, past, block):
    test = maker(limit, alpha=0.01, blocks=20)
    state = feed(test, past)
    assert state.update(block).evidence <= test.cap * (state.evidence + 1 / 40) * (1 + 1e-9)


# ---- properties that people rely on


@untimed
@given(makers, limits, st.lists(any_block, min_size=1, max_size=10), st.data())
def test_one_more_bad_request_never_weakens_the_case(maker, limit, blocks, data):
    test = maker(limit, alpha=0.01, blocks=20)
    index = data.draw(st.integers(0, len(blocks) - 1))
    block = blocks[index]
    if block.bad == block.requests:
        return
    worse = [*blocks[:index], Block(block.requests, block.bad + 1), *blocks[index + 1 :]]
    before, after = feed(test, blocks).log_evidence, feed(test, worse).log_evidence
    if maker in (rates.below, latencies.below):
        before, after = after, before
    assert after >= before - 1e-9


@untimed
@given(st.lists(any_block, min_size=1, max_size=6), st.randoms())
def test_sources_merge_in_any_order_into_the_same_block(blocks, random):
    shuffled = list(blocks)
    random.shuffle(shuffled)
    assert sum(shuffled, MISSING) == sum(blocks, MISSING)


@untimed
@given(limits, st.integers(1, 50), st.integers(1, 50), st.data())
def test_uncapped_likelihood_ratios_do_not_care_how_requests_are_cut_into_blocks(limit, n1, n2, data):
    k1, k2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    factors = rates.LikelihoodRatios(limit)
    parts = zip(factors.log_factors(n1, k1), factors.log_factors(n2, k2), strict=True)
    assert factors.log_factors(n1 + n2, k1 + k2) == pytest.approx([a + b for a, b in parts], abs=1e-9)


def test_missing_blocks_are_counted_and_are_never_good():
    test = rates.above(0.05, alpha=0.01, blocks=10)
    state = feed(test, [Block(100, 10), MISSING, MISSING])
    assert (state.blocks, state.missing, state.missing_in_a_row) == (3, 2, 2)
    assert (state.requests, state.bad, state.last) == (100, 10, Block(100, 10))
    assert state.log_m == feed(test, [Block(100, 10)]).log_m
    assert state.update(Block(100, 0)).missing_in_a_row == 0
    assert not feed(rates.below(0.05, alpha=0.01, blocks=10), [MISSING] * 10).fired  # nothing seen promotes nothing


def test_a_fired_test_stays_fired_when_traffic_recovers():
    state = feed(rates.above(0.05, alpha=0.01, blocks=60), [Block(1000, 1000)] * 2 + [Block(1000, 0)] * 5)
    assert state.fired_at == 2
    assert state.evidence < 1


def test_nothing_overflows():
    test = rates.above(1e-6, alpha=1e-9, blocks=1000)
    state = feed(test, [Block(10**12, 10**12)] * 300)
    assert math.isfinite(state.log_evidence)
    assert math.isfinite(state.evidence)
    healthy = feed(test, [Block(10**12, 0)] * 300)
    assert math.isfinite(healthy.log_evidence)
    assert healthy.evidence == 0


def test_the_bound_ends_with_the_watch_and_a_further_block_is_refused():
    state = feed(rates.above(0.05, alpha=0.01, blocks=2), [MISSING, MISSING])
    with pytest.raises(ValueError, match="planned for 2 blocks"):
        state.update(MISSING)


@pytest.mark.parametrize(
    ("limit", "alpha", "blocks", "message"),
    [
        (0, 0.01, 60, "limit must be between"),
        (1.0, 0.01, 60, "limit must be between"),
        (5, 0.01, 60, "5 % is 0.05"),
        (0.05, 0, 60, "alpha must be"),
        (0.05, 0.25, 60, "alpha must be"),
        (0.05, 0.01, 0, "at least one block"),
    ],
)
def test_a_test_that_cannot_keep_its_bound_is_refused(limit, alpha, blocks, message):
    with pytest.raises(ValueError, match=message):
        rates.above(limit, alpha=alpha, blocks=blocks)


@pytest.mark.parametrize(("requests", "bad"), [(1, 2), (3, -1), (-1, 0)])
def test_counts_that_cannot_be_are_refused(requests, bad):
    with pytest.raises(ValueError, match="0 <= bad <= requests"):
        Block(requests, bad)


# ---- how much longer


@untimed
@given(makers, limits, st.lists(any_block, max_size=6), any_block.filter(lambda block: block.requests > 0))
def test_requests_still_needed_is_exact_when_all_further_blocks_are_alike(maker, limit, past, last):
    test = maker(limit, alpha=0.01, blocks=30)
    state = feed(test, [*past, last])
    promised = state.requests_still_needed()
    if state.fired:
        assert promised == 0
        return
    future, needed = state, None
    while future.blocks < test.blocks:
        future = future.update(last)
        if abs(future.log_evidence - math.log(100)) < 1e-9:
            return  # on the edge, rounding decides
        if future.fired:
            needed = (future.blocks - state.blocks) * last.requests
            break
    assert promised == needed


def test_requests_still_needed_at_another_rate():
    state = feed(rates.above(0.05, alpha=0.01, blocks=180), [Block(1000, 9)])
    assert state.requests_still_needed() is None  # healthy: never
    assert state.requests_still_needed(share=1.0) == 4000  # in mid-watch it takes four bad blocks
    assert rates.above(0.05, alpha=0.01, blocks=180).start().requests_still_needed() is None  # nothing measured


def test_the_information_bound_is_that_of_the_design():
    seconds = [rates.information_bound(0.05, share, 0.01) / 100 for share in (0.06, 0.1)]
    assert seconds == pytest.approx([46, 2.2], abs=0.5)
    assert math.ceil(rates.information_bound(0.05, 1.0, 0.01)) == 2
    assert rates.information_bound(0.05, 0.05, 0.01) == math.inf
