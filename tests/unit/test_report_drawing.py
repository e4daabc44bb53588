"""From what was measured to where it is drawn: places, words, and what is told of requirements that nobody verified."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.run_kind import RunKind
from postflight.config.requirements import requirements_of
from postflight.exhibits import Frame, Line, Mark, Request, make_chart, make_filmstrip, make_waterfall
from postflight.model import Decision, Finding, Measurement, Quantity, Status, Unit
from postflight.report.background import Past
from postflight.report.coverage import cover
from postflight.report.drawing.bars import Bar, draw_bars
from postflight.report.drawing.chart import HEIGHT, WIDTH, draw_chart
from postflight.report.drawing.filmstrip import draw_filmstrip
from postflight.report.drawing.scale import place, round_up, words
from postflight.report.drawing.waterfall import draw_waterfall

LCP = Measurement(
    "landing.mobile.lcp", (2.4, 2.6, 2.9), Unit.SECONDS, limit="at most 2 s", met=False, bound=2.0, interval=(2.3, 3.0)
)


def drawn(*measurements: Measurement, past: tuple[Past, ...] = ()) -> list[Bar]:
    return draw_bars([Finding("a", "performance", Status.GOOD, title="A", measurements=measurements)], past)


@given(st.floats(1e-9, 1e12))
def test_the_end_of_an_axis_holds_the_value_and_is_not_far_away(value: float) -> None:
    assert value * (1 - 1e-6) <= round_up(value) <= 2 * value * (1 + 1e-6)


@pytest.mark.parametrize("nothing", [0.0, -1.0, math.inf, math.nan])
def test_an_axis_without_values_has_an_end(nothing: float) -> None:
    assert round_up(nothing) == 1.0


def test_places_are_within_the_picture() -> None:
    assert [place(value, 0, 10, 100) for value in (-1, 0, 5, 20)] == [0, 0, 50, 100]
    assert place(3, 3, 3, 100) == 0


def test_numbers_have_their_units() -> None:
    assert [words(0.34, "s"), words(0, "s"), words(12, "requests"), words(3, "count")] == [
        "340 ms",
        "0",
        "12 requests",
        "3",
    ]


def test_a_limit_on_a_median_is_shown_with_its_interval() -> None:
    (bar,) = drawn(LCP)
    assert bar.limit is not None
    assert bar.band is not None
    assert bar.middle is not None
    assert bar.state == "broken"
    assert bar.shown == Quantity(2.6, Unit.SECONDS)
    assert bar.limit < bar.band[0] < bar.middle < bar.band[0] + bar.band[1]
    assert bar.words == "2.6 s, at most 2 s, between 2.3 s and 3 s, 3 values"


def test_broken_limits_come_first_and_then_what_allows_no_claim() -> None:
    kept = replace(LCP, metric="a.kept", met=True)
    unclear = replace(LCP, metric="b.open", met=None)
    free = Measurement("c.free", (1.0,), Unit.SECONDS)
    assert [bar.state for bar in drawn(free, kept, unclear, LCP)] == ["broken", "open", "kept", "free"]


def test_values_beyond_a_limit_are_marked_in_its_own_direction() -> None:
    rate = Measurement("rate", (0.9, 0.99), Unit.RATIO, limit="at least 95 %", met=False, bound=0.95)
    (bar,) = drawn(rate)
    assert bar.at_least
    assert [beyond for _, beyond in bar.dots] == [True, False]
    assert bar.shown == Quantity(0.9, Unit.RATIO)


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_a_measurement_without_size_is_drawn(value: float) -> None:
    (bar,) = drawn(Measurement("cls", (value,), Unit.COUNT))
    assert bar.dots == ((0, False),)


def test_earlier_runs_are_a_line_that_ends_in_this_one() -> None:
    key = (LCP.metric, LCP.unit)
    past = tuple(Past(Decision.PROMOTE, "2026-01-01", medians={key: value}) for value in (1.0, 2.0))
    (bar,) = drawn(LCP, past=(*past, Past(Decision.HOLD, "2026-01-01")))
    assert bar.spark is not None
    assert len(bar.spark.points.split()) == 3
    assert bar.spark.words == "2 runs before: 1 s to 2 s; this one: 2.6 s (medians)"
    heights = [float(point.split(",")[1]) for point in bar.spark.points.split()]
    assert heights == sorted(heights, reverse=True), "it rose"
    assert bar.spark.limit == heights[1]


def test_what_was_measured_with_something_else_is_no_part_of_the_line() -> None:
    key, mine, others = (LCP.metric, LCP.unit), RunKind("", "this host"), RunKind("", "that host")
    kinds = (others, mine, others, mine)
    past = tuple(Past(Decision.PROMOTE, "", medians={key: 1.0 + n}, kinds={key: k}) for n, k in enumerate(kinds))
    finding = Finding("a", "performance", Status.GOOD, measurements=(LCP,))
    (bar,) = draw_bars([finding], past, "this host")
    assert bar.spark is not None
    across = [float(point.split(",")[0]) for point in bar.spark.points.split()]
    assert across == [32.0, 88.0, 116.0], "each at its place among all runs"
    assert bar.spark.begins == 28.0
    assert bar.spark.words == (
        "2 runs before: 2 s to 4 s; this one: 2.6 s (medians); 2 before measured with something else or unknown,"
        " not compared"
    )
    (elsewhere,) = draw_bars([finding], past, "a third host")
    assert elsewhere.spark is None


def test_a_metric_without_a_past_has_no_line() -> None:
    assert drawn(LCP, past=(Past(Decision.PROMOTE, "2026-01-01"),))[0].spark is None


def test_noise_does_not_look_like_a_change() -> None:
    key = (LCP.metric, LCP.unit)
    past = tuple(Past(Decision.PROMOTE, "", medians={key: 2.6 + 0.001 * (n % 2)}) for n in range(6))
    (bar,) = drawn(replace(LCP, bound=None, limit=""), past=past)
    assert bar.spark is not None
    heights = [float(point.split(",")[1]) for point in bar.spark.points.split()]
    assert max(heights) - min(heights) < 1


def test_a_chart_is_broken_where_nothing_was_measured() -> None:
    line = Line("p95", ((0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 4.0)))
    plot = draw_chart(make_chart("c", [line], unit="s", limit=3.0))
    assert plot.traces[0].path == f"M0 225h0L{WIDTH / 3:.2f} 150M{WIDTH:g} 0h0"
    assert plot.limit == HEIGHT / 4
    assert plot.high == ("4 s", "3 s", "2 s", "1 s", "0")
    assert plot.traces[0].words == "1 s to 4 s, at the end 4 s"
    assert plot.rows[2].values == ("-",)


def test_a_limit_that_is_far_away_does_not_press_the_lines_to_the_ground() -> None:
    plot = draw_chart(make_chart("c", [Line("p95", ((0.0, 0.01), (1.0, 0.02)))], unit="s", limit=2.0))
    assert (plot.high[0], plot.limit, plot.limit_words) == ("20 ms", None, "2 s, far above")


def test_a_chart_shows_the_whole_of_its_band() -> None:
    plot = draw_chart(make_chart("c", [Line("m", ((0.0, 1.0), (1.0, 1.0)), ((0.5, 3.0), (0.5, 1.5)))], unit="s"))
    assert plot.high[0] == "3 s"
    assert plot.traces[0].band.startswith("M0 0L")


@pytest.mark.parametrize("points", [(), ((5.0, None),), ((5.0, 0.0),)])
def test_a_chart_of_nothing_is_an_empty_box(points: tuple[tuple[float, float | None], ...]) -> None:
    plot = draw_chart(make_chart("c", [Line("m", points)], unit="s"))
    assert len(plot.high) == len(plot.across) == 5


@given(
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.one_of(st.none(), st.floats(-1e9, 1e9))), max_size=300).map(tuple),
    st.one_of(st.none(), st.floats(-1e9, 1e9)),
)
def test_whatever_is_drawn_is_in_the_box(points: tuple[tuple[float, float | None], ...], limit: float | None) -> None:
    plot = draw_chart(make_chart("c", [Line("m", points)], unit="s", limit=limit))
    assert all(0 <= stop.x <= WIDTH and stop.width >= 0 and stop.x + stop.width <= WIDTH + 0.1 for stop in plot.stops)
    assert sum(stop.width for stop in plot.stops) == pytest.approx(WIDTH if plot.stops else 0, abs=1)
    assert plot.limit is None or 0 <= plot.limit <= HEIGHT


def test_a_waterfall_names_what_differs_and_keeps_its_order() -> None:
    origin = "https://a.test"
    requests = [
        Request(f"{origin}/", "document", 0.0, 1.0, 0.5, 1000),
        Request(f"{origin}/{'deep/' * 20}chunk.js", "script", 1.0, 3.0, None, None, "blocks rendering"),
        Request("https://fonts.test/a.woff2", "odd", 2.0, 2.0, 9.0, 0),
    ]
    flow = draw_waterfall(make_waterfall("w", requests, [Mark("LCP", 3.5)]))
    assert [lane.name for lane in flow.lanes] == ["/", "…ep/deep/deep/deep/deep/chunk.js", "fonts.test/a.woff2"]
    assert flow.words == "3 requests, 1 KB"
    assert flow.ticks[-1] == "4 s"
    assert [lane.colour for lane in flow.lanes] == ["document", "script", "other"]
    assert all(lane.start <= lane.first <= lane.end <= 100.5 for lane in flow.lanes)
    assert flow.moments[0].words == "LCP 3.5 s"


def test_a_waterfall_speaks_the_words_of_browsers() -> None:
    kinds = ("navigation", "link", "img", "XHR", "wasm")
    flow = draw_waterfall(make_waterfall("w", [Request("https://a.test", kind, 0.0, 1.0) for kind in kinds]))
    assert [lane.colour for lane in flow.lanes] == ["document", "style", "image", "fetch", "other"]
    assert flow.lanes[0].name == "/"
    assert flow.words == "5 requests", "sizes that nobody knows are not zero"


def test_a_mark_is_on_the_first_frame_that_shows_it() -> None:
    strip = make_filmstrip("f", [Frame("a", 0.0), Frame("b", 1.0), Frame("c", 2.0)], [Mark("FCP", 0.7), Mark("x", 9.0)])
    assert [still.marks for still in draw_filmstrip(strip)] == [(), ("FCP 700 ms",), ("x 9 s",)]


def test_what_was_not_verified_is_told() -> None:
    found = [
        Finding("a", "smoke", Status.GOOD, covers=("VEL-S1", "VEL-S2")),
        Finding("b", "smoke", Status.BAD, covers=("VEL-S2", "OWN-A1")),
        Finding("c", "smoke", Status.EXCLUDED, covers=("VEL-S3",)),
    ]
    coverage = cover(found, {"VEL-S1": "one", "VEL-S2": "two", "VEL-S3": "three", "VEL-S4": "four"})
    assert [(row.requirement, row.word) for row in coverage.rows] == [
        ("VEL-S1", "good"),
        ("VEL-S2", "bad"),
        ("VEL-S3", "excluded"),
        ("VEL-S4", "not verified"),
        ("OWN-A1", "bad"),
    ]
    assert [row.text for row in coverage.missing] == ["three", "four"]
    assert coverage.counts == (("bad", 2), ("good", 1), ("excluded", 1), ("not verified", 1))


def test_where_requirements_are_not_known_nothing_is_said_to_be_missing() -> None:
    assert not cover([Finding("a", "smoke", Status.GOOD, covers=("X",))], {}).is_whole


def test_a_platform_must_hold_its_own_requirements_and_those_of_all() -> None:
    mine = requirements_of("velocity")
    assert mine["VEL-S1"] == "the landing page answers 200 and renders in a browser"
    assert "P13-X1" in mine
    assert not any(one.startswith("VIB-") for one in mine)
    assert not any("`" in text or "**" in text for text in mine.values())
    assert requirements_of("any") == {}, "a site that nobody planned has promised nothing"
