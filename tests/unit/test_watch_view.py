"""What people see of a watch, live and in a log."""

import io

import pytest
from rich.console import Console

from postflight.signals.reading import Missing, Reading
from postflight.stats.rules import Consecutive, ErrorRate, Gauge
from postflight.watch.lines import Lines
from postflight.watch.sequential import SequentialTrigger
from postflight.watch.state import Record, WatchState
from postflight.watch.view import WIDTH, View, scale
from postflight.watch.words import percentile
from tests.watching import FakeClock, header_of, plan_of, seen

PLAN = plan_of((ErrorRate(), Consecutive(), Gauge(20, 30)), signals=("probes", "prometheus"))
NOTE = "web: [bold]\x1b[31mrefuses\x07 (3 times)"


def shown(*readings: Reading) -> tuple[str, str]:
    """Return the live view after these blocks, and the lines of a log."""
    screen, log = io.StringIO(), io.StringIO()
    state = WatchState.start(PLAN, with_control=False)
    view, lines = View(header_of(PLAN), FakeClock(), 0.0, state), Lines(Console(file=log, width=400))
    for number, reading in enumerate(readings, start=1):
        record = Record(number, float(number), reading)
        state = state.update(record)
        view.block(record, state, (0.1, 0.3, 0.2))
        lines.block(record, state, (0.1, 0.3, 0.2))
    Console(file=screen, width=140).print(view.screen())
    return screen.getvalue(), log.getvalue()


def block(
    bad: int = 0, *, healthy: bool = True, previews: float | Missing = 3.0, notes: tuple[str, ...] = ()
) -> Reading:
    found = seen(10, bad, healthy=healthy, active_previews=previews)
    counted = {**found.counted, "error_rate.prometheus": Missing("no new sample")}
    return Reading(counted, found.checks, found.gauges, (), notes)


def test_a_healthy_watch() -> None:
    screen, log = shown(block(), block())
    for text in (
        "Watching https://staging.example",
        "false rollbacks at most 1 %",
        "0 of 20",
        "70 requests to show it is kept",
        "1 of 1 endpoints pass",
        "3 of 20",
        "200 ms median, 300 ms p95",
    ):
        assert text in screen
    assert "00:02  error_rate.probes 0/20 evidence" in log
    assert "p95 300 ms" in log


def test_a_break_is_called_once_in_a_log() -> None:
    screen, log = shown(*(block(10 if number > 1 else 0) for number in range(6)))
    assert "immediate_rollback!" in screen
    assert screen.count("more than 5 % bad") == log.count("more than 5 % bad") == 1


def test_trouble_is_said_when_it_begins_and_never_acts_on_a_terminal() -> None:
    screen, log = shown(block(notes=(NOTE,)), block(notes=(NOTE.replace("(3", "(4"),)), block(), block(notes=(NOTE,)))
    assert log.count("refuses") == 2
    for text in (screen, log):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "[bold]" in text


def test_what_is_waited_for() -> None:
    screen, _ = shown(*[block(healthy=False, previews=Missing("gone"))] * 2, *[block(previews=Missing("gone"))] * 2)
    assert "its signal, missing for 4 blocks" in screen
    screen, _ = shown(block(healthy=False))
    assert "web to pass" in screen


@pytest.mark.parametrize(("bad", "blocks", "colour"), [(0, 1, "green"), (10, 1, "yellow"), (10, 9, "red")])
def test_the_scale_grows_to_the_side_that_wins(bad: int, blocks: int, colour: str) -> None:
    plan = plan_of((ErrorRate(),))
    trigger = SequentialTrigger.start(plan, plan.sequential[0], with_control=False)
    for _ in range(blocks):
        trigger = trigger.update(seen(10, bad), None)
    bar = scale(trigger)
    assert len(bar.plain) == WIDTH
    left, right = bar.plain[: WIDTH // 2], bar.plain[WIDTH // 2 :]
    assert ("█" in left, "█" in right) == (bad == 0, bad > 0)
    assert any(span.style == colour for span in bar.spans)


def test_percentiles_are_values_that_were_measured() -> None:
    values = tuple(float(number) for number in range(1, 101))
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [50.0, 95.0, 100.0]
    assert percentile((7.0,), 0.95) == 7.0
