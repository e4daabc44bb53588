"""Budgets under load: what is kept, what is broken, and what nobody can know yet."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.config.load import LoadSettings
from postflight.errors import ConfigError
from postflight.load.judging.thresholds import (
    MOST_TERMS,
    Counted,
    Kind,
    Reading,
    Watch,
    _refuted,
    quantile_name,
    read,
    read_capacity,
    thresholds_of,
)
from postflight.model import Budget, OnBreach, Quantity, Status, Unit
from postflight.stats import floor

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Listed:
    """Latencies as a plain list: what the histogram is compared with."""

    values: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        return len(self.values)

    def at(self, quantile: float) -> float:
        ordered = sorted(self.values)
        return ordered[max(0, min(len(ordered) - 1, -int(-quantile * len(ordered) // 1) - 1))] if ordered else 0.0

    def above(self, limit: float) -> int:
        return sum(value > limit for value in self.values)


def counted(fast: int, slow: int = 0, *, failed: int = 0, due: int | None = None) -> Counted:
    """As if each flow were one request."""
    ended = fast + slow
    return Counted(
        ended=ended,
        failed=failed,
        latencies=Listed((0.1,) * fast + (3.0,) * slow),
        due=ended if due is None else due,
        done=ended,
        succeeded=ended - failed,
        broken=failed,
    )


def at_most(metric: str, value: float, unit: Unit = Unit.SECONDS, min_samples: int = 1) -> Budget:
    return Budget(metric, "load", at_most=Quantity(value, unit), min_samples=min_samples, source="budgets.yaml:7")


def at_least(metric: str, value: float, unit: Unit = Unit.RATIO) -> Budget:
    return Budget(metric, "load", at_least=Quantity(value, unit), on_breach=OnBreach.ROLLBACK)


def reading(budget: Budget, what: Counted) -> Reading:
    (threshold,) = thresholds_of([budget], "landing")
    return read(threshold, what, CONFIDENCE)


def test_only_the_profiles_own_budgets() -> None:
    budgets = [at_most("landing.latency.p95", 2), at_most("api.latency.p95", 1)]
    (threshold,) = thresholds_of(budgets, "landing")
    assert (threshold.kind, threshold.quantile) == (Kind.LATENCY, 0.95)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (
            at_most("landing.latency.p96", 2),
            "budgets.yaml:7: no load test measures 'landing.latency.p96'; did you mean",
        ),
        (at_most("landing.latency.p95", 2, Unit.RATIO), "is measured in s, but has a limit in ratio"),
        (at_least("landing.errors", 0.1), "written with at_most"),
        (at_most("landing.rate", 0.9, Unit.RATIO), "written with at_least"),
        (at_least("landing.capacity", 0.9), "is measured in 1/s"),
    ],
)
def test_a_budget_that_nothing_measures_is_an_error(budget: Budget, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")):
        thresholds_of([budget], "landing")


@pytest.mark.parametrize(
    ("metric", "what", "status"),
    [
        ("latency.p95", counted(1000, 20), Status.GOOD),
        ("latency.p95", counted(1000, 80), Status.BAD),
        ("latency.p95", counted(58), Status.UNKNOWN),  # 59 could show 95 % at 95 %
        ("latency.p95", counted(59), Status.GOOD),
        ("latency.p95", counted(10, 1), Status.UNKNOWN),  # one of eleven is no proof of 5 %
        ("latency.p95", counted(10, 4), Status.BAD),
        ("latency.p95", counted(0), Status.UNKNOWN),
        ("latency.p99_9", counted(2994), Status.UNKNOWN),
        ("latency.p99_9", counted(2995), Status.GOOD),
        ("latency.p99_9", counted(100, 1), Status.UNKNOWN),  # a p99.9 of 100 requests is the slowest of them
        ("latency.p99_9", counted(1000, 6), Status.BAD),
        ("latency.p50", counted(5, 0), Status.GOOD),
        ("latency.p50", counted(4, 0), Status.UNKNOWN),
    ],
)
def test_latencies(metric: str, what: Counted, status: Status) -> None:
    assert reading(at_most(f"landing.{metric}", 2), what).status is status


@pytest.mark.parametrize(
    ("limit", "what", "status"),
    [
        (0.01, counted(1000, failed=2), Status.GOOD),
        (0.01, counted(1000, failed=30), Status.BAD),
        (0.01, counted(200), Status.UNKNOWN),  # no failure in 200 does not show 99 %
        (0.01, counted(10, failed=10), Status.BAD),
        (0.01, counted(0), Status.UNKNOWN),
        (0.0, counted(10), Status.GOOD),
        (0.0, counted(10, failed=1), Status.BAD),
    ],
)
def test_errors_and_their_mirror(limit: float, what: Counted, status: Status) -> None:
    assert reading(at_most("landing.errors", limit, Unit.RATIO), what).status is status
    assert reading(at_least("landing.success", 1 - limit), what).status is status


def test_min_samples_asks_for_more_of_a_limit_without_exceptions_too() -> None:
    none_failed = replace(at_most("landing.errors", 0, Unit.RATIO), min_samples=500)
    assert reading(none_failed, counted(400)).status is Status.UNKNOWN
    assert reading(none_failed, counted(500)).status is Status.GOOD
    assert reading(none_failed, counted(3, failed=1)).status is Status.BAD


def test_min_samples_asks_for_more() -> None:
    seen = reading(at_most("landing.latency.p95", 2, min_samples=500), counted(400))
    assert (seen.status, seen.words) == (Status.UNKNOWN, "400 requests, 100 more needed for a claim")


@pytest.mark.parametrize(
    ("what", "status"),
    [
        (counted(95, due=100), Status.GOOD),
        (counted(94, due=100), Status.BAD),
        (counted(0, due=100), Status.BAD),
        (counted(0, due=0), Status.UNKNOWN),
    ],
)
def test_rate(what: Counted, status: Status) -> None:
    assert reading(at_least("landing.rate", 0.95), what).status is status


@pytest.mark.parametrize(
    ("held", "broken", "status"),
    [
        (200.0, 250.0, Status.GOOD),
        (150.0, 180.0, Status.BAD),
        (150.0, 250.0, Status.UNKNOWN),  # the limit is between two steps
        (150.0, None, Status.UNKNOWN),
        (None, None, Status.UNKNOWN),
        (None, 50.0, Status.BAD),
    ],
)
def test_capacity(held: float | None, broken: float | None, status: Status) -> None:
    (threshold,) = thresholds_of([at_least("landing.capacity", 200, Unit.PER_SECOND)], "landing")
    assert read_capacity(threshold, held, broken).status is status


GOOD, SLOW, FEW = counted(100), counted(50, 50), counted(3, 0)
BARE_SLOW = counted(9, 1)  # beyond the limit, and no proof


@pytest.mark.parametrize(
    ("windows", "fired"),
    [
        ([SLOW], False),  # one noisy second decides nothing
        ([SLOW, SLOW, GOOD, SLOW, SLOW], False),
        ([SLOW, SLOW, SLOW], True),
        ([SLOW, SLOW, counted(0), SLOW], True),  # an empty window neither counts nor clears
        ([SLOW, SLOW, BARE_SLOW, SLOW], True),
        ([SLOW, SLOW, FEW, SLOW], False),  # few, and all of them fast
        ([BARE_SLOW] * 20, False),
        ([SLOW, SLOW, SLOW, GOOD, GOOD], True),  # what has been broken stays broken
    ],
)
def test_windows_in_a_row(windows: list[Counted], fired: bool) -> None:
    watch = Watch(thresholds_of([at_most("landing.latency.p95", 2)], "landing"), LoadSettings(bad_in_a_row=3))
    for window in windows:
        watch = watch.after(window)
    (seen,) = watch.readings(counted(100_000, 10))  # over the whole run all is well
    assert seen.broken_in_windows is fired
    assert seen.status is (Status.BAD if fired else Status.GOOD)
    assert ("in 3 windows in a row" in seen.words) is fired


def test_what_a_cumulative_threshold_forgives() -> None:
    """One second more for 2.5 s at the end of a minute: the whole run keeps its p95, three windows in a row do not."""
    watch = Watch(thresholds_of([at_most("landing.latency.p95", 2)], "landing"), LoadSettings(bad_in_a_row=3))
    for window in [counted(200)] * 57 + [counted(100, 100), counted(0, 200), counted(0, 200)]:
        watch = watch.after(window)
    whole = counted(57 * 200 + 100, 500)
    assert read(watch.thresholds[0], whole, CONFIDENCE).status is Status.GOOD
    assert [(r.status, r.light) for r in watch.readings(whole)] == [(Status.BAD, "red")]


def test_lights() -> None:
    watch = Watch(thresholds_of([at_most("landing.latency.p95", 2)], "landing"), LoadSettings(bad_in_a_row=3))
    assert watch.readings(counted(0))[0].light == "amber"
    assert watch.readings(counted(100))[0].light == "green"
    assert watch.after(SLOW).readings(counted(1000))[0].light == "amber"  # good so far, and the last window was not
    assert watch.readings(counted(10, 90))[0].light == "red"


@given(fast=st.integers(0, 3000), slow=st.integers(0, 3000), quantile=st.sampled_from(["p50", "p90", "p95", "p99"]))
def test_never_good_beyond_the_limit_and_never_bad_within(fast: int, slow: int, quantile: str) -> None:
    what = counted(fast, slow)
    seen = reading(at_most(f"landing.latency.{quantile}", 2), what)
    within = seen.value is not None and seen.value.value <= 2
    assert seen.status is not (Status.BAD if within else Status.GOOD)
    assert (seen.status is Status.GOOD) <= (what.ended >= 5)
    assert bool(seen.words) == (seen.status is not Status.GOOD)


@given(
    total=st.integers(MOST_TERMS + 1, 20_000),
    share=st.floats(0, 1),
    allowed=st.sampled_from([0.001, 0.01, 0.05, 0.5]),
)
def test_the_bound_for_many_never_refutes_what_the_exact_sum_does_not(total: int, share: float, allowed: float) -> None:
    beyond = MOST_TERMS + 1 + int(share * (total - MOST_TERMS - 1))
    if _refuted(allowed, CONFIDENCE, total, beyond):
        exact = floor.judge(1 - allowed, CONFIDENCE, requests=total, failures=beyond)
        assert exact.proof is floor.Proof.REFUTED


@given(windows=st.lists(st.sampled_from([GOOD, SLOW, FEW, BARE_SLOW, counted(0)]), max_size=30))
def test_a_broken_limit_never_heals(windows: list[Counted]) -> None:
    watch = Watch(thresholds_of([at_most("landing.latency.p95", 2)], "landing"), LoadSettings(bad_in_a_row=2))
    broken = False
    for window in windows:
        watch = watch.after(window)
        now = watch.readings(counted(1000))[0].broken_in_windows
        assert now >= broken
        broken = now
    assert watch.windows == len(windows)


def test_the_worst_window_is_not_judged_by_a_mended_confidence() -> None:
    budget = at_most("landing.latency.p95", 2)
    (threshold,) = thresholds_of([replace(budget)], "landing")
    assert read(threshold, counted(17, 3), 0.9).status is Status.BAD
    assert read(threshold, counted(17, 3), 0.99).status is Status.UNKNOWN


@pytest.mark.parametrize(("quantile", "name"), [(0.5, "p50"), (0.95, "p95"), (0.999, "p99.9"), (0.9, "p90")])
def test_names_of_quantiles(quantile: float, name: str) -> None:
    assert quantile_name(quantile) == name
