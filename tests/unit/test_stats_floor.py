"""The evidence floor against exact binomial sums."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postflight.stats.floor import Proof, judge, largest_rate, requests_needed

untimed = settings(deadline=None)  # a slow machine is no failure


def exact_at_most(failures: int, requests: int, rate: Fraction) -> Fraction:
    return sum(
        (comb(requests, k) * rate**k * (1 - rate) ** (requests - k) for k in range(failures + 1)), start=Fraction(0)
    )


@pytest.mark.parametrize(
    ("success", "confidence", "needed"), [(0.95, 0.99, 90), (0.995, 0.99, 919), (0.999, 0.99, 4603), (0.95, 0.95, 59)]
)
def test_requests_needed_without_a_failure(success, confidence, needed):
    assert requests_needed(success, confidence) == needed
    assert judge(success, confidence, requests=needed, failures=0).proof is Proof.SHOWN
    short = judge(success, confidence, requests=needed - 1, failures=0)
    assert (short.proof, short.more_needed) == (Proof.UNKNOWN, 1)


@pytest.mark.parametrize("failures", [0, 1, 2, 7, 40])
def test_requests_needed_with_failures_is_the_fewest(failures):
    needed = requests_needed(0.95, 0.99, failures)
    limit, doubt = Fraction(1, 20), Fraction(1, 100)
    assert exact_at_most(failures, needed, limit) <= doubt < exact_at_most(failures, needed - 1, limit)


@untimed
@given(st.integers(1, 300), st.data())
def test_the_largest_rate_is_where_so_few_failures_become_unlikely(requests, data):
    failures = data.draw(st.integers(0, requests - 1))
    bound = largest_rate(requests, failures, 0.99)
    assert float(exact_at_most(failures, requests, Fraction(bound))) == pytest.approx(0.01, rel=1e-5)


def test_nothing_measured_shows_nothing():
    assert judge(0.95, 0.99, requests=0, failures=0).proof is Proof.UNKNOWN
    assert largest_rate(0, 0, 0.99) == 1


def test_many_failures_refute():
    assert judge(0.995, 0.99, requests=200, failures=20).proof is Proof.REFUTED
    assert judge(0.995, 0.99, requests=200, failures=1).proof is Proof.UNKNOWN


def test_the_message_says_how_many_more():
    claim = judge(0.995, 0.99, requests=200, failures=0)
    assert str(claim) == "99.5 % at 99 % confidence is unknown from 0 failures in 200 requests: 719 more needed"


def test_a_claim_that_nobody_can_show_has_no_number():
    assert requests_needed(1 - 1e-9, 0.99, failures=1) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: judge(99.5, 0.99, requests=1, failures=0),
        lambda: judge(0.995, 1.0, requests=1, failures=0),
        lambda: judge(0.995, 0.99, requests=1, failures=2),
    ],
)
def test_impossible_numbers_are_refused(call):
    with pytest.raises(ValueError, match=r"between 0 and 1|0 <= failures <= requests"):
        call()
