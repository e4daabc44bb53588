"""From the browser's entries to Web Vitals, by their definitions."""

import pytest

from postflight.checks.vitals import explain
from postflight.checks.vitals.record import PaintCandidate
from postflight.errors import CannotMeasure
from tests.vitals import NAVIGATION, SITE, event, ran, read, shift, task


def test_an_ordinary_page() -> None:
    seen = read()
    assert (seen.fcp, seen.ttfb.at, seen.load) == (0.32, 0.1, 0.6)
    assert (seen.lcp.at, seen.lcp.element, seen.lcp.path) == (0.42, "img.hero", "/hero.svg")
    assert seen.inp is not None
    assert (seen.inp.seconds, seen.inp.kind, seen.inp.target) == (0.048, "click", "a.button")


def test_phases_add_up() -> None:
    seen = read()
    lcp, inp, ttfb = seen.lcp, seen.inp, seen.ttfb
    assert (lcp.first_byte, lcp.load_delay, lcp.load_duration) == pytest.approx((0.1, 0.06, 0.24))
    assert lcp.first_byte + lcp.load_delay + lcp.load_duration + lcp.render_delay == pytest.approx(lcp.at)
    assert inp is not None
    assert inp.input_delay + inp.processing + inp.presentation == pytest.approx(inp.seconds)
    assert ttfb.redirects + ttfb.name_lookup + ttfb.connect + ttfb.waiting == pytest.approx(ttfb.at)


def test_text_has_no_load_phases() -> None:
    lcp = read(candidates=(PaintCandidate(420, "h1", "", lazy=False),)).lcp
    assert (lcp.load_delay, lcp.load_duration, lcp.path) == (0, 0, "")
    assert lcp.render_delay == pytest.approx(0.32)


def test_the_last_candidate_is_the_largest_and_a_later_request_did_not_paint_it() -> None:
    candidates = (PaintCandidate(320, "h1", "", lazy=False), PaintCandidate(140, "img", f"{SITE}/hero.svg", lazy=True))
    lcp = read(candidates=candidates).lcp
    assert (lcp.element, lcp.lazy, lcp.load_duration) == ("img", True, 0)


def test_times_of_a_prerendered_page_begin_with_its_activation() -> None:
    seen = read(navigation=NAVIGATION.__class__("navigate", 300, 0, 10, 20, 30, 100, 110, 600))
    assert (seen.fcp, seen.ttfb.at, seen.lcp.at) == pytest.approx((0.02, 0.0, 0.12))


@pytest.mark.parametrize(
    ("shifts", "score"),
    [
        ([], 0),
        ([(100, 0.1), (900, 0.1)], 0.2),
        ([(100, 0.1), (1100, 0.1)], 0.1),  # a second without a shift ends the window
        (
            [(at, 0.1) for at in range(0, 6300, 900)],
            0.6,
        ),  # and so do five seconds: the sixth is at 4.5 s, one more at 5.4
    ],
)
def test_cls_is_the_worst_session_window(shifts: list[tuple[float, float]], score: float) -> None:
    assert read(shifts=tuple(shift(*each) for each in shifts)).cls.score == pytest.approx(score)


def test_shifts_after_input_do_not_count() -> None:
    cls = read(shifts=(shift(100, 0.4, after_input=True), shift(200, 0.1))).cls
    assert (cls.score, len(cls.shifts)) == (0.1, 1)


def test_inp_is_the_slowest_interaction_and_the_second_of_more_than_fifty() -> None:
    events = tuple(event(number, 8 * number) for number in range(1, 11))
    few, many = read(events=events, interactions=49).inp, read(events=events, interactions=50).inp
    assert few is not None
    assert many is not None
    assert (few.seconds, many.seconds) == (0.08, 0.072)


def test_processing_is_that_of_all_events_of_the_interaction() -> None:
    down = event(1, 504, "pointerup", start=1000, processing_start=1001, processing_end=1002)
    click = event(1, 500, "click", start=1001, processing_start=1003, processing_end=1490)
    inp = read(events=(down, click)).inp
    assert inp is not None
    assert (inp.seconds, inp.kind) == (0.504, "click")
    assert inp.processing == pytest.approx(0.489)


def test_an_event_that_took_no_time_is_an_interaction_too() -> None:
    inp = read(events=(event(1, 0),)).inp
    assert inp is not None
    assert (inp.seconds, inp.presentation) == (0, 0)


def test_blocking_time_is_of_long_tasks_after_the_first_paint_and_before_the_first_interaction() -> None:
    seen = read(tasks=(task(100, 90), task(400, 150), task(950, 500)))
    assert (seen.tbt, seen.long_tasks) == (pytest.approx(0.1), 2)


def test_queries_are_nobodys_business_and_scripts_come_longest_first() -> None:
    seen = read(scripts=(ran(f"{SITE}/a.js?token=secret", 100, 60), ran("https://cdn.test/b.js", 200, 90)))
    assert [script.path for script in seen.scripts] == ["https://cdn.test/b.js", "/a.js"]


@pytest.mark.parametrize("missing", [{"events": ()}, {"hidden": True}, {"dropped": 1}])
def test_what_is_missing_is_never_a_pass(missing: dict[str, object]) -> None:
    with pytest.raises(CannotMeasure):
        read(**missing)


def test_a_paint_that_the_browser_does_not_tell_of_is_none_and_the_rest_is_there() -> None:
    seen = read(first_contentful_paint=None, candidates=(), tasks=(task(100, 90),))
    assert (seen.fcp, seen.lcp) == (None, None)
    assert (seen.ttfb.at, seen.tbt) == (0.1, pytest.approx(0.04))
    assert seen.inp is not None
    assert [explain(name, seen) for name in ("fcp", "lcp")] == [
        "FCP: the browser told of none", "LCP: the browser told of none"
    ]  # fmt: skip


def test_who_does_not_interact_has_no_inp() -> None:
    assert read(interacts=False, events=()).inp is None
