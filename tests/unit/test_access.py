"""What is seen of a page's accessibility, judged: axe's results and waivers, ways by Tab, widths and colours."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.access.axe import faults, read, settled, waive, weak_points
from postflight.checks.access.keyboard import Control, Walk, disordered, trapped, unreached
from postflight.checks.access.layout import Fit, Sized, misfit, too_small, viewport_fault
from postflight.checks.access.preferences import Movement, brightness, luminance
from postflight.checks.access.words import listed, tidy
from postflight.errors import CannotMeasure
from postflight.model import AllowedTrouble

TODAY = date(2026, 11, 21)


def rule(
    name: str, *targets: Any, tags: tuple[str, ...] = ("wcag2aa", "wcag143"), impact: str = "serious"
) -> dict[str, Any]:
    nodes = [{"target": target, "html": "<p>", "failureSummary": "Fix any:\n  this\n  that"} for target in targets]
    return {"id": name, "impact": impact, "tags": ["cat.x", *tags], "help": f"Mend {name}", "nodes": nodes}


def result(
    violations: list[Any] | None = None, incomplete: list[Any] | None = None, *, passes: int = 1
) -> dict[str, Any]:
    return {
        "testEngine": {"name": "axe-core", "version": "4.12.1"},
        "violations": violations or [],
        "incomplete": incomplete or [],
        "passes": [rule("document-title", ["html"])] * passes,
    }


def waiver(match: str, until: date = TODAY, kind: str = "axe") -> AllowedTrouble:
    return AllowedTrouble(kind, match, until, "issue 7")


def test_nothing_looked_at_is_never_good() -> None:
    with pytest.raises(CannotMeasure, match="found nothing on the page"):
        read(result(passes=0), "light")
    empty = result(passes=0) | {"passes": [rule("document-title")]}
    with pytest.raises(CannotMeasure):
        read(empty, "light")


def test_a_violation_tells_rule_impact_criterion_scheme_element_and_remedy() -> None:
    seen = [read(result([rule("color-contrast", ["p.lead"], ["a"])]), scheme) for scheme in ("light", "dark")]
    assert [str(issue) for issue in faults(seen)] == [
        "color-contrast (serious, WCAG 1.4.3, light, dark): Mend color-contrast: p.lead; a [<p>: Fix any: this; that]"
    ]


def test_what_another_look_does_not_find_again_is_for_a_person_to_look_at() -> None:
    """Each element for itself, with what is wrong with it; what decides nothing is left as it is."""
    one = result([rule("color-contrast", ["p"], ["h1"], ["i"]), rule("button-name", ["#late"], tags=("wcag2a",))])
    other = result([rule("color-contrast", ["p"], ["h1"]), rule("region", ["b"], tags=("best-practice",))])
    other["violations"][0]["nodes"][1]["failureSummary"] = "Fix any:\n  another contrast"
    seen = read(settled(one, other), "light")
    assert [(issue.rule, issue.places) for issue in seen.violations] == [("color-contrast", ("p",)), ("region", ("b",))]
    assert [(issue.rule, issue.places) for issue in seen.doubtful] == [("color-contrast", ("h1",))]
    assert [issue.places for issue in read(settled(one), "light").violations] == [("p", "h1", "i"), ("#late",)]


def test_frames_and_shadow_roots_are_told_apart() -> None:
    (issue,) = faults([read(result([rule("label", ["iframe", ["x-form", "input"]])]), "light")])
    assert issue.places == ("iframe >>> x-form >> input",)


def test_only_wcag_2_1_decides_and_the_worst_comes_first() -> None:
    mild = rule("region", ["p"], tags=("best-practice",), impact="moderate")
    later = rule("target-size", ["a"], tags=("wcag22aa", "wcag258"))
    bad = rule("image-alt", ["img"], tags=("wcag2a", "wcag111"), impact="critical")
    doubt = rule("color-contrast", ["h1"])
    seen = [read(result([mild, later, rule("color-contrast", ["p"]), bad], [doubt]), "light")]
    assert [issue.rule for issue in faults(seen)] == ["image-alt", "color-contrast"]
    told = {weak.message.partition(" (")[0]: weak.severity for weak in weak_points(seen, (), "here")}
    assert told == {"target-size": "low", "region": "info", "Look at it: color-contrast": "info"}


@pytest.mark.parametrize(
    ("waivers", "stands"),
    [
        ([], ("p.a", "p.b")),
        ([waiver("color-contrast")], ()),
        ([waiver("color")], ("p.a", "p.b")),
        ([waiver("p.a")], ("p.b",)),
        ([waiver("p.a"), waiver("p.b")], ()),
        ([waiver("color-contrast", kind="console")], ("p.a", "p.b")),
        ([waiver("color-contrast", date(2026, 11, 20))], ("p.a", "p.b")),
    ],
)
def test_a_waiver_excuses_its_rule_or_its_elements_until_its_day(
    waivers: list[AllowedTrouble], stands: tuple[str, ...]
) -> None:
    issues = faults([read(result([rule("color-contrast", ["p.a"], ["p.b"])]), "light")])
    left, waived = waive(issues, waivers, TODAY)
    assert tuple(place for issue in left for place in issue.places) == stands
    assert {p for issue in waived for p in issue.places} == {"p.a", "p.b"} - set(stands)
    if any(entry.kind == "axe" and entry.until < TODAY for entry in waivers):
        assert "[was allowed until 2026-11-20: issue 7]" in str(left[0])


@given(st.text())
def test_texts_of_pages_are_one_bounded_line(text: str) -> None:
    told = tidy(text, 20)
    assert len(told) <= 20
    assert told.isprintable()


def test_lists_say_how_many_they_leave_out() -> None:
    assert listed(["a", "b", "c"], 2) == "a; b and 1 more"
    assert listed(["a", "b"], 2) == "a; b"


A = Control(0, "a", top=0, bottom=10)
B = Control(1, "b", why="tabindex=-1", top=20, bottom=30)
C = Control(2, "c", top=40, bottom=50)


def test_what_is_not_a_stop_is_not_reached() -> None:
    assert unreached(Walk((A, B, C), (A, C))) == ("b is not reached by Tab: tabindex=-1",)
    assert unreached(Walk((A,), ())) == ("a is not reached by Tab",)
    assert unreached(Walk((), ())) == ()


def test_arrow_keys_and_twins_make_up_for_tab() -> None:
    tab, hidden = Control(3, "tab", group="tablist 1"), Control(4, "other tab", group="tablist 1")
    link, twin = Control(5, "link", href="/a"), Control(6, "picture", href="/a")
    assert unreached(Walk((tab, hidden, link, twin), (tab, link))) == ()


def test_a_dialog_may_hold_the_focus_and_a_page_may_not() -> None:
    assert trapped(Walk((A,), (A,))) == ""
    assert trapped(Walk((A, B), (A, B), held=(B,))) == "a keyboard trap: Tab does not leave b, nor does Escape and Tab"
    assert trapped(Walk((A, B), (A, B), held=(B,), escaped=True)) == ""
    assert trapped(Walk((A,), (A,), held=(Control(0, "a", modal=True),))) == ""


def test_only_what_goes_back_and_up_is_confused() -> None:
    assert disordered(Walk((A, B, C), (A, B, C))) == ()
    assert disordered(Walk((A, B, C), (B, A, C))) == ("Tab goes back from b to a above it: b has tabindex=-1",)
    beside = Control(3, "d", top=0, bottom=10)
    assert disordered(Walk((A, beside), (beside, A))) == ()
    assert disordered(Walk((A, B), (Control(1, "in a frame"), A))) == ()


def test_a_page_fits_or_its_worst_element_is_named() -> None:
    assert misfit(Fit(320, 320, 1)) == ""
    assert misfit(Fit(320, 320, 9, (Sized("table", 9),))) == (
        "at 320 px the page scrolls sideways by 9 px: table sticks out by 9 px"
    )
    assert misfit(Fit(360, 980, 0)).startswith("at 360 px the page is laid out 980 px wide")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("width=device-width, initial-scale=1", ""),
        ("width=device-width, maximum-scale=5, user-scalable=yes", ""),
        ("width=device-width, maximum-scale=-1", ""),
        ("width=device-width;maximum-scale=1.9", "maximum-scale=1.9 forbids zooming to 200 %"),
        ("user-scalable = NO", "user-scalable=no forbids zooming"),
        ("user-scalable=0", "user-scalable=0 forbids zooming"),
        ("user-scalable=0.5", "user-scalable=0.5 forbids zooming"),
        ("", ""),
        (None, "no <meta name=viewport>: phones show the page as a desktop's, in small"),
    ],
)
def test_a_viewport_must_let_people_zoom(content: str | None, fault: str) -> None:
    assert viewport_fault(content) == fault


def test_small_text_is_named_with_its_size() -> None:
    assert too_small([Sized("p", 12), Sized("small", 11.5)]) == "text below 12 px: small (11.5 px)"
    assert too_small([]) == ""


def test_luminance_is_that_of_wcag() -> None:
    assert luminance((0, 0, 0)) == 0
    assert luminance((255, 255, 255)) == pytest.approx(1)
    assert luminance((119, 119, 119)) == pytest.approx(0.1845, abs=1e-4)  # #777, 4.48:1 on white


def test_a_background_hidden_by_pictures_is_not_judged() -> None:
    assert brightness([(0, 0, 0)] * 5 + [None] * 31) is None
    assert brightness([(0, 0, 0)] * 6 + [None] * 30) == 0
    assert brightness([(255, 255, 255)] * 5 + [(0, 0, 0)] * 31) == 0


def test_a_movement_says_how_long() -> None:
    assert str(Movement("img", "sway", None)) == "img moves by the animation 'sway' for ever"
    assert str(Movement("img", "sway", 9)) == "img moves by the animation 'sway' for 9 s"
