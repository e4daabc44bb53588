"""Latencies by phase: how long is measured, and in which words the cause is told."""

import itertools
import math
import random
from collections.abc import Callable, Sequence

import pytest

from postflight.checks.budget import judge
from postflight.checks.latency.sampling import Limits, Sampling
from postflight.checks.latency.timing import Gauge, Phase, Timing
from postflight.checks.latency.words import tell_where
from postflight.errors import BudgetBroken, NotEnoughEvidence
from postflight.model import Budget, Measurement, Quantity, Unit

P95 = Gauge.parse("api.warm.p95")
P50 = Gauge.parse("api.cold.first_byte.p50")


def timing(
    first_byte: float = 0.003, *, of: str = "GET /", region: str = "", cold: bool = False, **phases: float
) -> Timing:
    usual = {"dns": 0.0, "connect": 0.0, "tls": 0.0, "body": 0.0002} | phases
    return Timing(of, region, cold=cold, reused=not cold, http_version="HTTP/1.1", first_byte=first_byte, **usual)


def budget(metric: str, seconds: float) -> Budget:
    return Budget(metric, "performance", at_most=Quantity(seconds, Unit.SECONDS))


@pytest.mark.parametrize(
    ("metric", "gauge"),
    [
        ("api.warm.p95", Gauge("api", cold=False, phase=Phase.TOTAL, quantile=0.95)),
        ("health.cold.first_byte.p50", Gauge("health", cold=True, phase=Phase.FIRST_BYTE, quantile=0.5)),
        ("http2.landing.cold.tls.p50", Gauge("http2.landing", cold=True, phase=Phase.TLS, quantile=0.5)),
    ],
)
def test_a_metric_names_its_gauge(metric: str, gauge: Gauge) -> None:
    assert Gauge.parse(metric) == gauge
    assert gauge.metric == metric


@pytest.mark.parametrize("metric", ["api.p95", "warm.p95", "api.warm", "api.warm.q95", "api.hot.p95", "p95"])
def test_what_is_no_latency_is_refused(metric: str) -> None:
    with pytest.raises(ValueError, match="is no latency"):
        Gauge.parse(metric)


def test_a_bound_that_does_not_exist_is_the_longest_that_a_request_may_take() -> None:
    found = P95.measure([timing() for _ in range(20)], 0.05, longest=10)
    assert found.interval == (pytest.approx(0.0032), 10)
    assert math.isfinite(found.worst.value)


def test_nobody_is_called_slow_for_the_time_in_which_we_stood_still() -> None:
    slow = [timing(0.9, late=0.8) for _ in range(59)]
    limit = budget(P95.metric, 0.5)
    (ours,) = judge(P95.measure(slow, 0.05, longest=10, cause=tell_where(slow, P95)), [limit])
    assert isinstance(ours.error, NotEnoughEvidence)
    assert "this runner itself stood still for 800 ms of it" in str(ours.error)
    (theirs,) = judge(P95.measure([timing(0.9, late=0.3) for _ in range(59)], 0.05, longest=10), [limit])
    assert isinstance(theirs.error, BudgetBroken)


class Clock:
    """A clock that each sample moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sampled(
    answer: Callable[[str, bool, int], Timing],
    gauges: Sequence[Gauge],
    budgets: Sequence[Budget],
    *,
    seconds: float = 1e9,
    operations: Sequence[str] = ("one", "two"),
) -> tuple[list[Measurement], list[Timing]]:
    """Sample what `answer(operation, cold, number)` says, without any network."""
    clock, numbers = Clock(), itertools.count(1)

    def take(operation: str, cold: bool) -> Timing:
        found = answer(operation, cold, next(numbers))
        clock.now += found.total
        return found

    sampling = Sampling(
        operations,
        gauges,
        take=take,
        is_decided=lambda m: not any(isinstance(held.error, NotEnoughEvidence) for held in judge(m, budgets)),
        shuffle=random.Random(3).shuffle,
        clock=clock,
        limits=Limits(seconds),
    )
    return sampling.run(), sampling.timings


def test_sampling_ends_when_every_budget_is_decided() -> None:
    budgets = [budget("api.warm.p95", 0.5), budget("api.cold.first_byte.p50", 0.3)]
    found, taken = sampled(lambda of, cold, _: timing(of=of, cold=cold), [P95, P50], budgets)
    assert [judge(each, budgets)[0].error for each in found] == [None, None]
    warm, cold = (sum(each.cold is temperature for each in taken) for temperature in (False, True))
    assert (warm, cold) == (86, 8)  # once the median is decided, nobody opens new connections for it


def test_rounds_take_every_operation_once() -> None:
    _, taken = sampled(lambda of, cold, _: timing(of=of, cold=cold), [P95], [budget("api.warm.p95", 0.5)])
    pairs = zip(taken[::2], taken[1::2], strict=True)
    assert all({first.operation, second.operation} == {"one", "two"} for first, second in pairs)


def test_a_limit_that_is_far_exceeded_is_broken_soon() -> None:
    budgets = [budget("api.warm.p95", 0.5)]
    found, taken = sampled(lambda of, cold, _: timing(0.8 if of == "two" else 0.003, of=of, cold=cold), [P95], budgets)
    assert isinstance(judge(found[0], budgets)[0].error, BudgetBroken)
    assert len(taken) == 22


def test_every_tenth_slow_answer_breaks_a_95th_percentile() -> None:
    budgets = [budget("api.warm.p95", 0.5)]
    found, taken = sampled(
        lambda of, cold, number: timing(0.6 if number % 10 == 0 else 0.003, of=of, cold=cold), [P95], budgets
    )
    assert isinstance(judge(found[0], budgets)[0].error, BudgetBroken)
    assert len(taken) <= 344
    assert "a tail: 9.9 % of the answers take long, and the median is 3.2 ms" in found[0].cause


def test_what_lies_at_its_limit_stays_unknown() -> None:
    dice = random.Random(5)
    budgets = [budget("api.warm.p95", 0.095)]
    found, _ = sampled(lambda of, cold, _: timing(dice.uniform(0, 0.1), of=of, cold=cold), [P95], budgets)
    assert isinstance(judge(found[0], budgets)[0].error, NotEnoughEvidence)


def test_time_that_is_over_leaves_what_is_known() -> None:
    budgets = [budget("api.warm.p95", 0.5)]
    found, taken = sampled(lambda of, cold, _: timing(0.4, of=of, cold=cold), [P95], budgets, seconds=2)
    assert len(taken) == 6
    assert found[0].interval == (pytest.approx(0.4002), 10)
    assert isinstance(judge(found[0], budgets)[0].error, NotEnoughEvidence)


def test_without_a_budget_the_first_look_is_the_last() -> None:
    _, taken = sampled(lambda of, cold, _: timing(of=of, cold=cold), [P95], [])
    assert len(taken) == 22


def test_the_phase_and_the_operation_that_dominate_are_named() -> None:
    taken = [timing(of="GET /a") for _ in range(60)] + [timing(0.78, of="GET /b", connect=0.001) for _ in range(20)]
    assert tell_where(taken, P95) == ("780 ms of it waiting for the first byte of GET /b; connect 1 ms, body 0.2 ms")


def test_a_slow_body_is_no_slow_first_byte() -> None:
    assert tell_where([timing(body=0.6) for _ in range(20)], P95).startswith(
        "600 ms of it for the body after its first byte of GET /; first byte 3 ms"
    )


def test_one_slow_region_is_named_and_the_others_are_told() -> None:
    taken = [timing(0.8 if region == "sfo" else 0.002, of="GET /health", region=region)
             for region in ("iad", "sfo", "lhr", "") for _ in range(10)]  # fmt: skip
    words = tell_where(taken, P95)
    assert "only region sfo is slow: its median is 800 ms, others iad 2.2 ms, lhr 2.2 ms" in words
    assert "tail" not in words


def test_regions_that_are_all_slow_blame_none() -> None:
    taken = [timing(0.8, region=region) for region in ("iad", "sfo", "lhr") for _ in range(10)]
    assert "region" not in tell_where(taken, P95)


def test_a_third_more_on_loopback_is_no_slow_region() -> None:
    taken = [timing(0.009 if region == "sfo" else 0.003, region=region) for region in ("iad", "sfo") for _ in range(9)]
    assert "region" not in tell_where(taken, P95)


def test_operations_that_are_slow_alike_are_not_blamed_on_one() -> None:
    taken = [timing(0.8, of=of) for of in ("GET /a", "GET /b", "GET /c") for _ in range(10)]
    assert "of all 3 operations" in tell_where(taken, P95)
