"""The plans' words become tests."""

import pytest

from postflight.stats.latencies import Bets
from postflight.stats.rates import LikelihoodRatios
from postflight.stats.rules import Consecutive, Do, ErrorRate, Gauge, Manual, ResponseTime, WatchPlan


def test_the_defaults_are_those_of_the_plans():
    errors, slow = WatchPlan().sequential
    assert (errors.limit, errors.within, errors.do) == (0.05, 300, Do.IMMEDIATE_ROLLBACK)
    assert (slow.limit, slow.within, slow.do) == (pytest.approx(0.05), 600, Do.STAGED_ROLLBACK)


def test_sequential_triggers_share_alpha_and_the_others_take_none():
    plan = WatchPlan((ErrorRate(), ResponseTime(), Consecutive(), Gauge(), Manual("stop")), alpha=0.01)
    tests = [plan.test(rule) for rule in plan.sequential]
    assert [test.alpha for test in tests] == [0.005, 0.005]
    assert isinstance(tests[0].factors, LikelihoodRatios)
    assert isinstance(tests[1].factors, Bets)
    assert WatchPlan((Consecutive(),)).alpha_each == 0.01


def test_the_watch_has_as_many_blocks_as_fit_the_last_one_cut_short():
    assert WatchPlan().blocks == 60
    assert WatchPlan(duration=1801).blocks == 61


def test_rules_start_fresh():
    assert not Consecutive(failures=1).start().fired
    assert Consecutive(failures=1).start().update(False).fired
    assert Gauge(at_least=1, hold_for=5).start().update(0, 3).update(5, 3).fired


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": (ErrorRate(), ErrorRate())}, "a name of its own"),
        ({"block": 0}, "more than 0 s"),
        ({"block": 10, "duration": 5}, "at most the watch"),
        ({"block": 151}, "error_rate must decide within 300 s, but needs at least 2 blocks of 151 s"),
        ({"block": 30, "duration": 30}, "needs at least too many blocks"),
    ],
)
def test_plans_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        WatchPlan(**options)
