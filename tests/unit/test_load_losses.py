"""What we lost or stopped ourselves is nobody's fault: workers that break or go, lost batches, early ends."""

import pytest

from postflight.config.load import LoadSettings, Shape, Stage
from postflight.load.engine.batch import Batch, Flows
from postflight.load.engine.histogram import Histogram
from postflight.load.judging.conclusion import End, Ended
from postflight.load.judging.results import LATE, SILENCE, Results, Series, Worker
from postflight.load.judging.thresholds import thresholds_of
from postflight.load.judging.track import Track
from postflight.model import Budget, Decision, OnBreach, Quantity, Status, Unit
from tests.unit.test_load_conclusion import BEGIN, P95, PROFILE, RATE, SHAPE, batch, ended, verdict_of

LANDING = {"landing"}
ERRORS = Budget("landing.errors", "load", at_most=Quantity(0.02, Unit.RATIO), on_breach=OnBreach.ROLLBACK)


def running(*workers: str, warm_up: float = 0.0) -> Results:
    """A run that these take part in."""
    return Results({"landing": Series(BEGIN, warm_up)}, {name: Worker(0.0, plays=set(LANDING)) for name in workers})


def concluded(results: Results, *, end: End = End.WHOLE, shape: Shape = SHAPE) -> Ended:
    series = results.series["landing"]
    track = Track.of(PROFILE, shape, thresholds_of((P95, RATE), "landing"), LoadSettings())
    track.judge(series, now=60.0)
    return Ended(PROFILE, shape, series, track.readings, tuple(results.workers.items()), end)


def test_a_worker_that_breaks_and_says_so_is_not_the_targets_fault() -> None:
    """It speaks, so it is not silent: its engine died, with visits under way."""
    results = running("w1")
    for second in range(4):
        results.add("w1", "landing", batch(second, 50, due=100), at=1.0, until=BEGIN + 4.0)
    results.lose("w1", "the load engine died: OSError")
    assert results.ended
    decision, found = verdict_of(concluded(results))
    assert (decision, found["rate"].status) == (Decision.INVALID, Status.GOOD)
    assert "the load engine died" in found["workers"].summary


def test_what_a_worker_stopped_when_it_was_told_to_go_is_not_the_targets_fault() -> None:
    """It got SIGTERM, and ended its visits properly, long before the run's end."""
    results = running("w1", "w2")
    for second in range(4):
        results.add("w1", "landing", batch(second, 50), at=1.0, until=BEGIN + 4.0)
    half = {(BEGIN + second, "landing"): Flows(started=50, ok=10, stopped=40) for second in range(2)}
    results.add("w2", "landing", Batch(flows=half), at=1.0, until=BEGIN + 2.0)
    results.lose("w2", "was ended before it had played its part")
    results.workers["w1"].plays.clear()
    decision, found = verdict_of(concluded(results))
    assert (decision, found["rate"].status) == (Decision.INVALID, Status.GOOD)


def test_batches_that_are_lost_on_their_way_are_noticed() -> None:
    """The ends of visits were in it: without them the target would look as if it held them."""
    results = running("w1")
    ends = Batch(flows={(BEGIN + 1, "landing"): Flows(ok=100, waiting=-100)})
    told = [batch(1, 0, due=100), ends, batch(2, 100)]
    for number in (0, 2):  # the second one never comes
        if results.follows("w1", "landing", number):
            results.add("w1", "landing", told[number], at=1.0, until=BEGIN + 4.0)
    decision, found = verdict_of(concluded(results))
    assert (decision, found["rate"].status) == (Decision.INVALID, Status.UNKNOWN)
    assert "lost on their way" in found["workers"].summary


def test_what_follows_a_lost_batch_is_not_counted() -> None:
    results = running("w1")
    assert results.follows("w1", "landing", 0)
    assert not results.follows("w1", "landing", 2)
    assert results.workers["w1"].trouble


def test_a_worker_that_does_not_end_is_left_out_when_the_run_is_over() -> None:
    results = running("w1", "w2")
    for name, done in (("w1", 50), ("w2", 10)):
        results.add(name, "landing", batch(2, done, due=50), at=1.0, until=BEGIN + 3.0)
    results.workers["w1"].plays.clear()
    results.lose_unfinished()
    assert results.series["landing"].judged.counted().done == 60
    assert results.series["landing"].judged.counted().due == 60
    assert not results.workers["w2"].trouble
    results.lose_unfinished("had not ended")
    assert results.workers["w2"].trouble == "had not ended"


def test_silence_counts_only_while_somebody_listens() -> None:
    results = running("w1")
    results.forgive(30.0)
    results.lose_silent(30.0 + SILENCE)
    assert not results.workers["w1"].trouble
    results.lose_silent(30.1 + SILENCE)
    assert results.workers["w1"].trouble


@pytest.mark.parametrize(
    ("lag", "status", "decision"),
    [
        pytest.param(0, Status.BAD, Decision.ROLLBACK, id="the target fails"),
        pytest.param(2_000_000, Status.INVALID, Decision.INVALID, id="we stood still, and deadlines passed meanwhile"),
    ],
)
def test_a_storm_of_our_own_making_is_invalid(lag: int, status: Status, decision: Decision) -> None:
    failed = [batch(second, 100, outcome="timeout", lag=Histogram.of([lag] * 100)) for second in range(4)]
    run = ended(failed, budgets=(ERRORS,), end=End.STORM, why="nearly all requests failed for 5 s")
    assert verdict_of(run)[0] is decision
    assert verdict_of(run)[1]["storm"].status is status


def journeys(seconds: int, takes: int, polls: int = 4) -> list[Batch]:
    """One visit each second that asks quickly and often, and takes its time, as the start of a preview does."""
    told = []
    for now in range(seconds + takes):
        flows = {(BEGIN + now, "landing"): Flows(started=now < seconds)}
        if 0 <= now - takes < seconds:
            flows[BEGIN + now - takes, "landing"] = Flows(ok=1)
        under_way = min(now + 1, takes, seconds + takes - now)
        told.append(Batch(batch(now, polls * under_way).cells, flows))
    return told


@pytest.mark.parametrize("takes", [12, 30])
def test_visits_that_take_their_time_break_no_window(takes: int) -> None:
    """Each answer is quick, and a visit is long: that is what it is for. Windows must not call that a slow target."""
    shape = Shape("long", (Stage(60.0, 1.0, 1.0),))
    results = running("w1")
    series = results.series["landing"]
    track = Track.of(PROFILE, shape, thresholds_of((P95, RATE), "landing"), LoadSettings(window=1.0))
    for now, told in enumerate(journeys(60, takes), start=1):
        results.add("w1", "landing", told, at=1.0, until=BEGIN + now)
        track.judge(series, now)
        assert not track.broken
        assert all(reading.status is not Status.BAD for reading in track.readings)
    track.judge(series, 1000.0)
    assert [reading.status for reading in track.readings] == [Status.GOOD, Status.GOOD]


def test_visits_that_wait_for_an_answer_break_windows() -> None:
    shape = Shape("long", (Stage(60.0, 1.0, 1.0),))
    results = running("w1")
    track = Track.of(PROFILE, shape, thresholds_of((RATE,), "landing"), LoadSettings(window=1.0))
    for second in range(10):
        results.add("w1", "landing", batch(second, 0, due=5), at=1.0, until=BEGIN + second + 1.0)
        track.judge(results.series["landing"], second + 1.0)
    assert "landing.rate" in track.broken


def test_answers_that_are_held_back() -> None:
    series = Series(BEGIN, 0.0)
    series.add(Batch(flows={(BEGIN + 2, "landing"): Flows(started=5, waiting=5)}), "w1")
    assert (series.held(2 + LATE), series.underway(2 + LATE)) == (0, 5)
    assert (series.held(3 + LATE), series.underway(3 + LATE)) == (5, 0)
    series.lost.add("w1")
    assert (series.held(3 + LATE), series.underway(3 + LATE)) == (0, 0)


@pytest.mark.parametrize("second", [0, 1, 3])
def test_early_ends_charge_nobody_for_what_still_ran(second: int) -> None:
    series = Series(BEGIN, 0.0, cut_short=True)
    series.add(batch(second, 40, due=50), "w1")
    window = series.window(second, 1, now=20.0)
    assert window is not None
    counted = window.counted(LATE)
    assert (counted.due, counted.done, counted.latencies.above(0.5)) == (40, 40, 0)
