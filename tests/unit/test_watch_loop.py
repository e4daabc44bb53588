"""The watch as a whole, on a clock that waits for nobody: what it sees, when it ends, and what follows."""

import asyncio
from collections.abc import Sequence

import pytest

from postflight.model import Decision, Status
from postflight.signals.reading import Fault, Missing, Reading, Span
from postflight.stats.rules import Do, ErrorRate, Gauge, ResponseTime
from postflight.watch.loop import Watch, spans
from postflight.watch.state import Record, WatchState
from tests.watching import FakeClock, gone, plan_of, seen, watched

STOPPED = Missing("Prometheus refuses connections")
BROKEN = Missing("this runner does not reach itself on loopback", Fault.RUNNER)


def test_a_healthy_deployment_is_promoted_after_the_whole_watch() -> None:
    verdict, state, records = watched(lambda _: seen(10))
    assert (verdict.decision, state.blocks, len(records)) == (Decision.PROMOTE, 60, 60)
    assert records[-1].end == 60.0


def test_all_requests_bad_in_mid_watch_ends_it_within_four_blocks() -> None:
    verdict, state, _ = watched(lambda number: seen(10, 10 if number > 30 else 0))
    assert verdict.decision is Decision.ROLLBACK
    assert 30 < state.blocks <= 34
    assert [reason.check for reason in verdict.reasons] == ["watch error_rate.probes"]
    assert verdict.reasons[0].text.endswith("asks for immediate_rollback")


def test_one_bad_block_is_forgiven() -> None:
    verdict, *_ = watched(lambda number: seen(10, 10 if number == 30 else 0))
    assert verdict.decision is Decision.PROMOTE


def test_a_watch_that_ends_in_a_bad_block_is_not_promoted() -> None:
    verdict, *_ = watched(lambda number: seen(10, 10 if number >= 59 else 0))
    assert verdict.decision is Decision.HOLD
    assert "the last blocks speak for a break" in verdict.reasons[0].text


def test_nothing_rolls_back_an_unknown_address() -> None:
    verdict, state, _ = watched(lambda _: seen(10, 10), known=False)
    assert verdict.decision is Decision.HOLD
    assert state.blocks < 5


@pytest.mark.parametrize(
    ("last", "decision", "words"),
    [
        (STOPPED, Decision.HOLD, "the signal stopped: nothing in the last 20 blocks: Prometheus refuses connections"),
        (BROKEN, Decision.INVALID, "the signal stopped: nothing in the last 20 blocks: this runner does not reach"),
    ],
)
def test_signals_that_stop(last: Missing, decision: Decision, words: str) -> None:
    verdict, *_ = watched(lambda number: seen(10) if number <= 40 else gone(last))
    assert verdict.decision is decision
    assert any(words in reason.text for reason in verdict.reasons), verdict.reasons


@pytest.mark.parametrize("never", [STOPPED, BROKEN])
def test_signals_that_never_were_are_invalid(never: Missing) -> None:
    verdict, *_ = watched(lambda _: gone(never))
    assert verdict.decision is Decision.INVALID
    assert "nothing was measured in 60 blocks" in verdict.reasons[0].text


def test_a_hole_in_the_middle_is_told_and_does_not_decide() -> None:
    verdict, *_ = watched(lambda number: gone(BROKEN) if 20 < number < 30 else seen(10))
    assert verdict.decision is Decision.PROMOTE
    assert "9 of 60 blocks were missing" in next(f.seen for f in verdict.findings if "error_rate" in f.check)


def test_signals_that_are_mostly_missing_are_not_promoted() -> None:
    verdict, *_ = watched(lambda number: seen(100) if number % 3 == 0 else gone(STOPPED))
    assert verdict.decision is not Decision.PROMOTE
    assert any("only 20 of 60 blocks were measured" in reason.text for reason in verdict.reasons)


def test_missing_blocks_are_never_good() -> None:
    _, state, _ = watched(lambda number: gone(STOPPED) if number > 1 else seen(10))
    trigger = state.triggers["error_rate.probes"]
    assert trigger.breaks.requests == 10  # type: ignore[union-attr]


def test_little_traffic_says_how_much_is_needed() -> None:
    verdict, *_ = watched(lambda _: seen(1))
    assert verdict.decision is Decision.HOLD
    assert "unknown from 0 failures in 60 requests: 30 more needed" in verdict.reasons[0].text


class TestControl:
    def test_a_shared_outage_is_held(self) -> None:
        def both(number: int) -> Reading:
            return seen(10, 10 if number > 10 else 0, healthy=number <= 10)

        verdict, state, _ = watched(both, both)
        assert verdict.decision is Decision.HOLD
        assert state.blocks == 60, "a hold leaves the watch going: something else may still ask for a rollback"
        assert {called.trigger for called in state.calls} == {"error_rate.probes", "health"}
        assert any("the previous deployment breaks too" in reason.text for reason in verdict.reasons)

    def test_a_good_control_convicts(self) -> None:
        verdict, *_ = watched(lambda _: seen(10, 10, healthy=False), lambda _: seen(10))
        assert verdict.decision is Decision.ROLLBACK
        assert "the previous deployment" in verdict.reasons[0].text

    def test_a_control_that_was_not_measured_holds(self) -> None:
        verdict, *_ = watched(lambda _: seen(10, 10, healthy=False), lambda _: gone(BROKEN))
        assert verdict.decision is Decision.HOLD
        assert "the control was not measured" in verdict.reasons[0].text


class TestInterrupted:
    def test_before_the_evidence_suffices(self) -> None:
        verdict, state, _ = watched(lambda _: seen(10), stop_after=5)
        assert (verdict.decision, state.blocks) == (Decision.HOLD, 5)
        assert "too little before the planned end" in verdict.reasons[0].text

    def test_on_evidence_that_holds_at_any_time(self) -> None:
        assert watched(lambda _: seen(50), stop_after=20)[0].decision is Decision.PROMOTE

    def test_the_floor_alone_does_not_promote_early(self) -> None:
        """It may be looked at once, at an end that was fixed beforehand: 90 requests are not enough at any time."""
        verdict, state, _ = watched(lambda _: seen(10), stop_after=10)
        assert state.triggers["error_rate.probes"].claim.proof == "shown"  # type: ignore[union-attr]
        assert verdict.decision is Decision.HOLD

    def test_while_the_evidence_speaks_for_a_break(self) -> None:
        verdict, *_ = watched(lambda number: seen(10, 10 if number > 5 else 0), stop_after=6)
        assert verdict.decision is Decision.HOLD


def test_health_fails_three_times_in_a_row() -> None:
    verdict, state, _ = watched(lambda number: seen(10, healthy=number < 20))
    assert (verdict.decision, state.blocks) == (Decision.ROLLBACK, 22)
    assert verdict.reasons[0].text.startswith("the health of web failed 3 times in a row; asks for failover")


def test_a_gauge_that_is_held_long_enough_asks_for_a_hold_and_the_watch_goes_on() -> None:
    plan = plan_of((ErrorRate(), Gauge(20, hold_for=10)), signals=("probes", "prometheus"), duration=30)

    def script(number: int) -> Reading:
        return Reading(
            counted={"error_rate.probes": seen(10).counted["error_rate.probes"]} | {"error_rate.prometheus": STOPPED},
            gauges={"active_previews": 25.0 if number >= 5 else 3.0},
        )

    verdict, state, _ = watched(script, plan=plan)
    assert (verdict.decision, state.blocks) == (Decision.HOLD, 30)
    assert [(called.trigger, called.number) for called in state.calls] == [("active_previews", 15)]


def test_slow_answers() -> None:
    plan = plan_of((ResponseTime(2.0, within=60, do=Do.STAGED_ROLLBACK),))
    verdict, *_ = watched(
        lambda number: Reading(
            counted={"response_time.probes": seen(20, 10 if number > 5 else 0).counted["error_rate.probes"]}
        ),
        plan=plan,
    )
    assert verdict.decision is Decision.ROLLBACK
    assert "asks for staged_rollback" in verdict.reasons[0].text


def test_a_block_that_hangs_delays_neither_the_next_nor_their_order() -> None:
    clock, plan, began, taken = FakeClock(), plan_of(duration=5), list[float](), list[tuple[int, float]]()

    class Hanging:
        async def read(self, span: Span) -> Reading:
            began.append(clock.now())
            await clock.sleep_until(span.end + (3.5 if span.number == 2 else 0))
            return seen(10)

    def on_block(record: Record, _state: WatchState, _seconds: Sequence[float]) -> None:
        taken.append((record.number, clock.now()))

    watch = Watch(
        WatchState.start(plan, with_control=False), [Hanging()], [], origin=0.0, clock=clock, on_block=on_block
    )
    clock.run(watch.run(asyncio.Event()))
    assert began == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert taken == [(1, 1.0), (2, 5.5), (3, 5.5), (4, 5.5), (5, 5.5)]


def test_a_defect_of_a_source_is_no_missing_block() -> None:
    def script(number: int) -> Reading:
        raise KeyError("a defect")

    with pytest.raises(ExceptionGroup) as error:
        watched(script)
    assert error.group_contains(KeyError)


def test_the_last_block_may_be_short() -> None:
    found = list(spans(plan_of(duration=25, block=10), origin=100.0))
    assert [(span.start, span.end) for span in found] == [(100, 110), (110, 120), (120, 125)]


def test_findings_are_told_apart_from_each_other() -> None:
    verdict, *_ = watched(lambda _: seen(10))
    assert {finding.check: finding.status for finding in verdict.findings} == {
        "watch error_rate.probes": Status.GOOD,
        "watch health": Status.GOOD,
    }
