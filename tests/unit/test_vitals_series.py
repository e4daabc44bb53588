"""Visits until all limits are decided, on a quiet and on a noisy runner."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postflight.browser.vitals.control import Pulse, stretch
from postflight.browser.vitals.fingerprint import fingerprint
from postflight.browser.vitals.pressure import Pressure, read_pressure
from postflight.browser.vitals.series import Series, repeat
from postflight.checks.budget import judge
from postflight.checks.vitals import Vitals
from postflight.checks.vitals.record import PaintCandidate
from postflight.errors import BudgetBroken, CannotMeasure, NotEnoughEvidence
from postflight.model import Budget, Measurement, OnBreach, Quantity, Unit
from postflight.stats.repeats import Outcome
from tests.vitals import WORK, event, read, shift

QUIET, NOISY = Pulse(0.042, 0.040), Pulse(0.120, 0.044)
LIMITS = {"lcp": 2.5, "cls": 0.1, "inp": 0.2, "cpu": 0.4}


class Control:
    """A control page that always answers the same."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self.least = 0.040

    def pulse(self) -> Pulse:
        return self._pulse


def seen(lcp: float = 0.42, inp: float = 48, thread: float = 0.03, cls: float = 0.0) -> Vitals:
    """Seconds, but INP in milliseconds."""
    return read(
        replace(WORK, thread=thread),
        candidates=(PaintCandidate(lcp * 1000, "img.hero", "", lazy=False),),
        events=(event(1, inp),),
        shifts=(shift(500, cls),) if cls else (),
    )


def series(*visits: Vitals, pulse: Pulse = QUIET, limits: dict[str, float] | None = None) -> Series:
    """The last visit is repeated as often as it is asked for."""

    def all_of_them() -> Iterator[Vitals]:
        yield from visits
        while True:
            yield visits[-1]

    coming: Any = all_of_them()
    control: Any = Control(pulse)
    return repeat(lambda: next(coming), limits or LIMITS, control)


def judged(found: Series, name: str) -> type[Exception] | None:
    """Return the error that a budget raises for this metric."""
    reading = found.reading(name)
    unit = reading.metric.unit
    budget = Budget(f"x.{name}", "performance", Quantity(LIMITS[name], unit), on_breach=OnBreach.HOLD)
    measured = Measurement(
        f"x.{name}", reading.values, unit, interval=reading.interval, cause=found.cause(name, LIMITS[name])
    )
    error = judge(measured, [budget])[-1].error
    return None if error is None else type(error)


def test_far_from_all_limits_three_visits_are_enough() -> None:
    found = series(seen(0.42), seen(0.43), seen(0.41))
    assert len(found.visits) == 3
    assert [judged(found, name) for name in LIMITS] == [None] * 4


def test_a_limit_nearby_is_repeated_for_and_then_not_decided() -> None:
    found = series(seen(2.4), seen(2.6), seen(2.45), seen(2.55))
    assert len(found.visits) == 8
    assert found.outcome("lcp", 2.5) is Outcome.MORE
    assert judged(found, "lcp") is NotEnoughEvidence


@pytest.mark.parametrize(
    ("name", "changed"), [("lcp", {"lcp": 4.0}), ("inp", {"inp": 960}), ("cpu", {"thread": 1.2}), ("cls", {"cls": 0.3})]
)
def test_broken_on_a_quiet_runner(name: str, changed: dict[str, float]) -> None:
    found = series(seen(**changed))
    assert len(found.visits) == 3
    assert judged(found, name) is BudgetBroken


def test_one_shift_in_three_visits_breaks_an_exact_limit() -> None:
    found = series(seen(), seen(cls=0.3), seen())
    assert judged(found, "cls") is BudgetBroken
    assert "section.features moved 220 px" in found.reading("cls").words


def test_only_what_each_visit_showed_need_not_be_visited_again() -> None:
    """A failing check is run once more, unless its own visits were of one mind."""
    assert series(seen(lcp=4.0)).of_one_mind("lcp", 2.5)
    assert series(seen(cls=0.3)).of_one_mind("cls", 0.1)
    assert not series(seen(), seen(cls=0.3), seen()).of_one_mind("cls", 0.1)
    assert not series(seen(2.4), seen(2.6), seen(2.45), seen(2.55)).of_one_mind("lcp", 2.5)
    assert not series(seen(inp=480), pulse=NOISY).of_one_mind("inp", 0.2)
    assert not series(seen()).of_one_mind("lcp", 2.5)


def test_a_noisy_runner_decides_what_is_exact_or_processor_time_and_what_is_kept() -> None:
    found = series(seen(thread=1.2, cls=0.3), pulse=NOISY)
    assert found.stretch == pytest.approx(3)
    assert [judged(found, name) for name in ("cpu", "cls", "lcp", "inp")] == [BudgetBroken, BudgetBroken, None, None]


def test_a_noisy_runner_makes_no_claim_about_slow_work_and_says_why() -> None:
    found = series(seen(inp=480), pulse=NOISY)
    assert judged(found, "inp") is NotEnoughEvidence
    assert "the runner is too noisy for a closer claim: fixed work of 40 ms took 3.0 times" in found.cause("inp", 0.2)


def test_a_noisy_runner_does_not_explain_what_only_waited() -> None:
    found = series(seen(lcp=4.0, thread=0.05), pulse=NOISY)
    assert judged(found, "lcp") is BudgetBroken


def test_nobody_speaks_of_a_quiet_runner_nor_of_a_noisy_one_when_a_limit_is_kept() -> None:
    assert series(seen()).noise == ""
    noisy = series(seen(), pulse=NOISY)
    assert noisy.noise
    assert "noisy" not in noisy.cause("lcp", 2.5)


@pytest.mark.parametrize("painted", [0, 2])
def test_paints_that_the_browser_did_not_tell_of_keep_no_limit_and_the_others_are_decided(painted: int) -> None:
    blank = read(first_contentful_paint=None, candidates=())
    found = series(*[seen()] * painted, blank)
    assert len(found.visits) == 3
    assert found.reading("lcp").values == ()
    assert found.cause("lcp", 2.5).startswith(f"in {3 - painted} of 3 visits the browser told of no contentful paint")
    assert found.outcome("lcp", 2.5) is Outcome.SPENT
    assert found.of_one_mind("lcp", 2.5) is (painted == 0)
    assert [judged(found, name) for name in ("cls", "inp", "cpu")] == [None] * 3


def test_inp_without_an_interaction_is_no_zero() -> None:
    with pytest.raises(CannotMeasure):
        series(read(interacts=False))


def test_stretch_is_never_below_one() -> None:
    assert stretch([Pulse(0.03, 0.03)], 0.04) == 1.0
    assert stretch([], 0.04) == 1.0
    assert stretch([Pulse(0.08, 0.04)], 0.04) == pytest.approx(2)


def test_pressure_is_the_difference_of_two_totals(tmp_path: Path) -> None:
    pressure, stat = tmp_path / "cpu", tmp_path / "stat"
    pressure.write_text("some avg10=1.00 avg60=0.00 avg300=0.00 total=2000000\nfull avg10=0.00 total=0\n")
    stat.write_text("cpu  100 0 100 700 0 0 0 100 0 0\ncpu0 1 2 3\n")
    now = read_pressure(pressure, stat)
    assert (now.stalled, now.stolen, now.ticks) == (2.0, 100, 1000)
    strain = now.since(Pressure(now.at - 2, 1.0, 50, 500))
    assert (strain.waited, strain.stolen) == (pytest.approx(0.5), pytest.approx(0.1))
    assert str(strain) == "processes waited for a processor 50 % of the time, the host took 10 % of it away"


def test_a_system_that_does_not_tell_is_no_error(tmp_path: Path) -> None:
    silent = read_pressure(tmp_path / "none", tmp_path / "none")
    assert str(silent.since(silent)) == "the system does not tell how hard it is pressed"


def test_runs_of_another_browser_or_visitor_are_of_another_kind() -> None:
    one = fingerprint("headless-shell 156.0", "mobile")
    assert one == fingerprint("headless-shell 156.0", "mobile")
    assert one not in (fingerprint("chromium 156.0", "mobile"), fingerprint("headless-shell 156.0", "desktop"))
    assert str(one).startswith("mobile in headless-shell 156.0 on ")


def test_scores_are_written_with_their_unit() -> None:
    assert str(Quantity(0.1, Unit.SCORE)) == "0.1"
