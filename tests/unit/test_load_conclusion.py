"""What a run of load says, and for which reason: made of batches, as workers send them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.config.load import LoadSettings, Profile, Shape, Stage
from postflight.exhibits import Chart
from postflight.load.engine.batch import Batch, Cell, Effort, Flows, Key, Message
from postflight.load.engine.histogram import Histogram
from postflight.load.judging.conclusion import End, Ended, conclude
from postflight.load.judging.results import SILENCE, Results, Series, Spread, Worker
from postflight.load.judging.thresholds import Watch, thresholds_of
from postflight.load.swarm.plan import Plan
from postflight.model import Budget, Decision, Finding, OnBreach, Quantity, Status, Unit
from postflight.verdict import decide

BEGIN = 1_700_000_000
SHAPE = Shape("smoke", (Stage(4.0, 1.0, 1.0),), warm_up=1.0)
PROFILE = Profile("landing", 100.0, 8)
P95 = Budget("landing.latency.p95", "load", at_most=Quantity(0.5, Unit.SECONDS), on_breach=OnBreach.ROLLBACK)
RATE = Budget("landing.rate", "load", at_least=Quantity(0.95, Unit.RATIO), on_breach=OnBreach.HOLD)


def cell(count: int, seconds: float, queued: float = 0.0) -> Cell:
    took, waited = Histogram({}), Histogram.of([round(queued * 1e6)] * count)
    took = Histogram.of([round(seconds * 1e6)] * count)
    return Cell(count, 10 * count, took, took, waited)


def batch(
    second: int, count: int, *, seconds: float = 0.01, outcome: str = "2xx", due: int = 0, **effort: Any
) -> Batch:
    """`count` requests that were due in a second, each a flow; with more `due`, the rest has no end."""
    ok = {"2xx": "ok", "runner": "invalid"}.get(outcome, "failed")
    flows = Flows(started=max(due, count), waiting=max(due, count) - count, **{ok: count})
    messages = {} if outcome == "2xx" else {Message("GET /", outcome, f"the words of {outcome}"): count}
    cells = {Key(BEGIN + second, "GET /", outcome): cell(count, seconds, effort.pop("queued", 0.0))} if count else {}
    return Batch(cells, {(BEGIN + second, "landing"): flows}, messages, Effort(**effort))


def ended(
    batches: Sequence[Batch], *, budgets: Sequence[Budget] = (P95, RATE), shape: Shape = SHAPE, **more: Any
) -> Ended:
    results = Results({"landing": Series(BEGIN, shape.warm_up)}, {"w1": Worker(0.0)})
    for told in batches:
        results.add("w1", "landing", told, at=1.0, until=BEGIN + 9.0)
    series = results.series["landing"]
    watch = Watch(thresholds_of(budgets, "landing"), LoadSettings())
    readings = watch.readings(series.judged.counted())
    given = {"workers": tuple(results.workers.items()), "end": End.WHOLE, **more}
    return Ended(PROFILE, shape, series, readings, **given)


def verdict_of(run: Ended) -> tuple[Decision, dict[str, Finding]]:
    findings = conclude(run)
    verdict = decide(findings, planned=[], may_roll_back=True)
    return verdict.decision, {finding.check.removeprefix("load.landing."): finding for finding in findings}


def test_a_good_run() -> None:
    decision, found = verdict_of(ended([batch(second, 100) for second in range(4)]))
    assert decision is Decision.PROMOTE
    assert found["latency.p95"].measurements[0].met is True


def test_a_run_is_shown_over_time_once_and_where_it_went_wrong() -> None:
    slow = [batch(second, 100, seconds=2 if second == 2 else 0.01, due=120) for second in range(4)]
    findings = conclude(ended(slow))
    (shown,) = [finding for finding in findings if finding.exhibits]
    assert shown is next(finding for finding in findings if finding.status is Status.BAD)
    latency, requests = (one for one in shown.exhibits if isinstance(one, Chart))
    assert (latency.limit, latency.limit_name) == (0.5, "p95 at most 500 ms")
    (p95,) = [line for line in latency.lines if line.name == "p95"]
    assert [at for at, seconds in p95.points if seconds is not None and seconds > 1] == [2.0]
    assert {line.name: line.points[1][1] for line in requests.lines} == {"answers": 100, "flows due": 120, "failed": 0}
    assert "first 1 s warm up" in requests.note


def test_a_run_that_told_nothing_has_no_picture() -> None:
    assert not any(finding.exhibits for finding in conclude(ended([])))


def test_the_warm_up_is_not_judged() -> None:
    slow_start = [batch(0, 100, seconds=3), *(batch(second, 100) for second in (1, 2, 3))]
    assert verdict_of(ended(slow_start))[0] is Decision.PROMOTE


def test_slow() -> None:
    decision, found = verdict_of(ended([batch(second, 100, seconds=0.9) for second in range(4)]))
    assert decision is Decision.ROLLBACK
    assert found["latency.p95"].seen == "900 ms"


def test_a_late_generator_is_invalid_and_not_slow() -> None:
    late = [batch(second, 100, seconds=0.9, lag=Histogram.of([300_000] * 50)) for second in range(4)]
    decision, found = verdict_of(ended(late))
    assert decision is Decision.INVALID
    assert "the generator wrote" in found["generator"].summary
    assert found["latency.p95"].status is Status.INVALID


def test_a_rate_that_was_not_reached_because_the_generator_was_late() -> None:
    late = [batch(second, 50, due=100, lag=Histogram.of([300_000] * 50)) for second in range(4)]
    assert verdict_of(ended(late))[0] is Decision.INVALID


def test_a_rate_that_was_not_reached_because_connections_were_held() -> None:
    held = [batch(second, 50, due=100, queued=0.3) for second in range(4)]
    decision, found = verdict_of(ended(held))
    assert decision is Decision.HOLD
    assert "the target held all 8 connections" in found["rate"].summary


def test_a_rate_that_was_not_reached_because_answers_are_late() -> None:
    found = verdict_of(ended([batch(second, 50, due=100) for second in range(4)]))[1]
    assert "150 of 300 had no end when the run was over" in found["rate"].summary


def test_nothing_at_all() -> None:
    decision, found = verdict_of(ended([]))
    assert decision is Decision.INVALID
    assert "nothing was measured" in found["requests"].summary


def test_not_one_answer_is_the_targets_fault() -> None:
    assert verdict_of(ended([batch(second, 0, due=100) for second in range(4)]))[0] is Decision.HOLD


def test_no_budget_is_no_promotion() -> None:
    decision, found = verdict_of(ended([batch(second, 100) for second in range(4)], budgets=()))
    assert decision is Decision.HOLD
    assert "nothing says what is allowed" in found["budgets"].summary


def test_our_own_errors_are_invalid() -> None:
    ours = [batch(second, 100, outcome="runner") for second in range(4)]
    decision, found = verdict_of(ended(ours))
    assert decision is Decision.INVALID
    assert "the words of runner" in found["ours"].summary


@pytest.mark.parametrize(
    ("end", "decision"),
    [
        (End.INTERRUPTED, Decision.INVALID),
        (End.BOUND, Decision.INVALID),
        (End.STORM, Decision.HOLD),
        (End.WHOLE, Decision.PROMOTE),
    ],
)
def test_early_ends(end: End, decision: Decision) -> None:
    good = [batch(second, 100) for second in range(4)]
    assert verdict_of(ended(good, end=end, why="because"))[0] is decision


def test_an_interruption_voids_also_what_was_bad() -> None:
    slow = [batch(second, 100, seconds=0.9) for second in range(4)]
    assert verdict_of(ended(slow, end=End.INTERRUPTED))[0] is Decision.INVALID


def test_a_lost_worker_is_no_promotion_and_hides_no_fault() -> None:
    lost = (("w1", Worker(0.0)), ("w2", Worker(0.0, trouble="said nothing for 5 s")))
    good = [batch(second, 100) for second in range(4)]
    slow = [batch(second, 100, seconds=0.9) for second in range(4)]
    assert verdict_of(ended(good, workers=lost))[0] is Decision.INVALID
    assert verdict_of(ended(slow, workers=lost))[0] is Decision.ROLLBACK
    assert "1 of 2 workers" in verdict_of(ended(good, workers=lost))[1]["workers"].summary


def test_flows_that_could_not_clean_up_are_told() -> None:
    decision, found = verdict_of(ended([batch(second, 100) for second in range(4)], cut_off=2))
    assert decision is Decision.HOLD
    assert "2 flows were cut off" in found["cleanup"].summary


def test_silence_is_a_loss() -> None:
    results = Results({}, {"a": Worker(10.0, plays={"landing"}), "b": Worker(10.0), "c": Worker(12.0, plays={"x"})})
    results.lose_silent(10.5 + SILENCE)
    assert not results.workers["b"].trouble  # it is done
    assert "said nothing" in results.workers["a"].trouble
    assert not results.ended
    results.lose_silent(13 + SILENCE)
    assert results.ended


@pytest.mark.parametrize(
    ("lost", "decision", "status"),
    [
        pytest.param(True, Decision.INVALID, Status.GOOD, id="its worker was killed"),
        pytest.param(False, Decision.HOLD, Status.BAD, id="its worker lives"),
    ],
)
def test_a_flow_without_an_end_is_not_the_targets_fault_when_its_worker_was_lost(
    lost: bool, decision: Decision, status: Status
) -> None:
    workers = {name: Worker(0.0, plays={"landing"}) for name in ("w1", "w2")}
    results = Results({"landing": Series(BEGIN, SHAPE.warm_up)}, workers)
    for second in range(4):
        results.add("w1", "landing", batch(second, 50), at=20.0, until=BEGIN + 9.0)
        results.add("w2", "landing", batch(second, 40, due=50), at=10.0, until=BEGIN + 4.0)
    results.lose_silent(20.0 if lost else 10.0)
    series = results.series["landing"]
    window = series.window(1, 1, now=9.0)
    assert window is not None
    assert window.counted(3.0).latencies.above(0.5) == (0 if lost else 10)
    readings = Watch(thresholds_of((P95, RATE), "landing"), LoadSettings()).readings(series.judged.counted())
    run = Ended(PROFILE, SHAPE, series, readings, tuple(workers.items()), End.WHOLE)
    found = verdict_of(run)[1]
    assert (verdict_of(run)[0], found["rate"].status) == (decision, status)


def test_a_worker_that_was_lost_and_speaks_again_is_answered_for() -> None:
    results = Results({"landing": Series(BEGIN, 0.0)}, {"w1": Worker(0.0, plays={"landing"})})
    results.add("w1", "landing", batch(0, 0, due=10), at=0.0, until=BEGIN + 1.0)
    results.lose_silent(SILENCE + 1)
    series = results.series["landing"]
    assert series.judged.counted().due == 0
    assert series.underway(now=1.0) == 0  # they are left out once, not twice
    results.add("w1", "landing", Batch(flows={(BEGIN, "landing"): Flows(ok=7)}), at=SILENCE + 1, until=BEGIN + 7.0)
    results.lose_silent(SILENCE + 1)
    assert (series.judged.counted().due, series.judged.counted().done) == (7, 7)  # what it still runs is left out
    assert results.workers["w1"].trouble  # it did say nothing for so long: the run stays invalid


@pytest.mark.parametrize(("cut_short", "due"), [(True, 90), (False, 100)])
def test_a_flow_that_we_stopped_early_is_not_the_targets_fault(cut_short: bool, due: int) -> None:
    series = Series(BEGIN, 0.0, cut_short=cut_short)
    series.add(Batch(flows={(BEGIN, "landing"): Flows(started=100, ok=90, stopped=10)}))
    assert (series.judged.counted().due, series.judged.counted().done) == (due, 90)


def test_a_window_waits_for_its_answers_but_not_for_ever() -> None:
    series = Series(BEGIN, 0.0)
    series.add(batch(0, 50, due=60))
    assert series.window(0, 1, now=0.5) is None  # not over
    assert series.window(0, 1, now=2.0) is None  # ten flows still run
    window = series.window(0, 1, now=4.0)
    assert window is not None
    counted = window.counted(3.0)
    assert (counted.due, counted.done, counted.latencies.count) == (60, 50, 60)
    assert counted.latencies.above(0.5) == 10  # three seconds old and without an answer: slower than half a second
    assert counted.latencies.above(5) == 0
    assert counted.latencies.at(0.95) == 3.0


def test_late_answers_reach_the_total_when_their_second_is_forgotten() -> None:
    series = Series(BEGIN, 0.0)
    series.add(batch(0, 10, due=11))
    series.forget(500.0)
    series.add(replace(batch(0, 1, seconds=400), flows={(BEGIN, "landing"): Flows(ok=1)}))
    assert series.total.ended == 11
    assert series.total.flows.in_flight == 0
    assert [point.at for point in series.points(math.inf)] == [0, 0]


@given(
    values=st.lists(st.integers(1, 3_000_000), min_size=1, max_size=200),
    limit=st.floats(0.001, 3),
    cut=st.integers(0, 200),
)
def test_spreads_merge_exactly(values: list[int], limit: float, cut: int) -> None:
    """What two workers tell is what one would have told."""
    whole = Spread(Histogram.of(values))
    parts = Spread(Histogram.of(values[:cut]) + Histogram.of(values[cut:]))
    for quantile in (0.5, 0.95, 0.999):
        assert parts.at(quantile) == whole.at(quantile)
    assert parts.above(limit) == whole.above(limit)
    assert whole.above(0) == len([value for value in values if value > 0])


@given(
    levels=st.lists(st.tuples(st.floats(0.5, 20), st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=5),
    cut=st.floats(0, 1),
)
def test_planned_areas_add_up(levels: list[tuple[float, float, float]], cut: float) -> None:
    shape = Shape("any", tuple(Stage(*level) for level in levels))
    middle = shape.seconds * cut
    parts = shape.planned(0, middle) + shape.planned(middle, shape.seconds)
    assert parts == pytest.approx(shape.planned(0, shape.seconds), abs=1e-6)


@given(workers=st.integers(1, 7), rate=st.floats(1, 200), connections=st.integers(1, 50))
def test_a_plan_loses_nothing_on_its_way_and_in_its_shares(workers: int, rate: float, connections: int) -> None:
    profile = Profile("landing", rate, connections, "even")
    names = tuple(f"w{number}" for number in range(workers))
    plan = Plan("run", "http://127.0.0.1", {"landing": profile}, SHAPE, names, 1)
    assert Plan.from_wire(plan.to_wire()) == plan
    starts = sorted(at for share in range(workers) for at in plan.schedule("landing", share).offsets())
    assert abs(len(starts) - rate * SHAPE.seconds) <= 1
    shares = [plan.connections("landing", share) for share in range(workers)]
    assert sum(shares) == max(connections, workers)


def test_a_generator_that_stood_still_is_invalid() -> None:
    frozen = (("w1", Worker(0.0, pauses=[0.0] * 9 + [2.0])),)
    jitter = (("w1", Worker(0.0, pauses=[0.01] * 10)),)
    slow = [batch(second, 100, seconds=0.9) for second in range(4)]
    assert verdict_of(ended(slow, workers=frozen))[0] is Decision.INVALID
    assert verdict_of(ended(slow, workers=jitter))[0] is Decision.ROLLBACK
