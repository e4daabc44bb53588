"""Each figure names what took the most of it."""

from dataclasses import replace
from typing import Any

import pytest

from postflight.checks.vitals import explain
from postflight.checks.vitals.record import LayoutShift, MovedNode, PaintCandidate, Resource
from tests.vitals import HERO, NAVIGATION, SITE, STYLES, WORK, event, ran, read, shift


def late(**changed: Any) -> Resource:
    return replace(HERO, **changed)


HERO_AT = {"candidates": (PaintCandidate(3100, "img.hero", HERO.url, lazy=False),)}
TEXT_AT = {"candidates": (PaintCandidate(3100, "h1", "", lazy=False),), "first_contentful_paint": 3100}
CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "lcp",
        HERO_AT | {"resources": (late(request_start=700, response_end=2900),)},
        "LCP 3.1 s: img.hero, 2.2 s of it resource load duration /hero.svg",
    ),
    (
        "lcp",
        HERO_AT
        | {"resources": (late(url=f"{SITE}/list.json", response_end=2790), late(start=2800, request_start=2800))},
        (
            "LCP 3.1 s: img.hero, 2.7 s of it resource load delay: /hero.svg is discovered late, asked for at 2.8 s,"
            " after /list.json had come"
        ),
    ),
    (
        "lcp",
        {
            "candidates": (PaintCandidate(3100, "img", HERO.url, lazy=True),),
            "resources": (late(start=2800, request_start=2800, response_end=3000),),
        },
        (
            "LCP 3.1 s: img, 2.7 s of it resource load delay: /hero.svg is asked for at 2.8 s only, because it has"
            " loading=lazy"
        ),
    ),
    (
        "lcp",
        TEXT_AT | {"resources": (replace(STYLES, start=100, response_end=3050),)},
        "LCP 3.1 s: h1, 3 s of it render delay: /site.css blocks rendering until 3.05 s (2.95 s to load)",
    ),
    (
        "fcp",
        TEXT_AT | {"scripts": (ran(f"{SITE}/app.js", 400, 2500),)},
        "FCP 3.1 s: the main thread is busy with /app.js, 2.5 s",
    ),
    (
        "fcp",
        TEXT_AT | {"resources": (late(url=f"{SITE}/data.json", response_end=3000),)},
        "FCP 3.1 s: nothing blocks rendering, and yet nothing is shown until /data.json has come at 3 s",
    ),
    (
        "fcp",
        TEXT_AT | {"resources": ()},
        (
            "FCP 3.1 s: nothing blocks rendering: the page shows it late by itself (hidden until a script or a timer"
            " reveals it?)"
        ),
    ),
    (
        "fcp",
        TEXT_AT | {"navigation": replace(NAVIGATION, response_start=2900)},
        "FCP 3.1 s: 2.9 s of it until the first byte (2.87 s of it waiting for the server)",
    ),
    (
        "ttfb",
        {"navigation": replace(NAVIGATION, redirects=900, response_start=1000)},
        "TTFB 1 s: 900 ms of it redirects",
    ),
    (
        "cls",
        {
            "shifts": (shift(1800, 0.31, node=MovedNode("section.features", 220, "aside.banner")),),
            "resources": (late(url=f"{SITE}/late.woff2", response_end=1790),),
        },
        (
            "CLS 0.31: section.features moved 220 px at 1.8 s, where it was stands aside.banner, just after /late.woff2"
            " had come"
        ),
    ),
    ("cls", {}, "CLS 0.00: nothing moved"),
    (
        "inp",
        {
            "events": (event(1, 480, processing_end=1464),),
            "scripts": (ran(f"{SITE}/buy.js", 1004, 460, 400, "onclick"),),
        },
        (
            "INP 480 ms: click on a.button, 460 ms of it processing (/buy.js (onclick), 460 ms, 400 ms of it layout"
            " that it forces)"
        ),
    ),
    (
        "inp",
        {"events": (event(1, 480, "keydown", processing_start=1400, processing_end=1410),)},
        "INP 480 ms: key press on a.button, 400 ms of it input delay",
    ),
]


@pytest.mark.parametrize(("metric", "changed", "words"), CASES)
def test_the_cause_is_named(metric: str, changed: dict[str, Any], words: str) -> None:
    assert explain(metric, read(**changed)) == words


def test_what_pushed_is_what_has_not_moved_itself() -> None:
    nodes = (MovedNode("main", 0, "header"), MovedNode("ul.rows", 90, "main > h2"), MovedNode("p", 80, "aside.banner"))
    seen = read(shifts=(LayoutShift(1800, 0.2, recent_input=False, nodes=nodes),), resources=())
    assert explain("cls", seen) == "CLS 0.20: p moved 80 px at 1.8 s, where it was stands aside.banner"


def test_processor_time_names_its_part() -> None:
    scripted = read(replace(WORK, thread=1.9, script=1.6), scripts=(ran(f"{SITE}/app.js", 400, 1500),))
    assert explain("cpu", scripted) == "CPU 1.9 s of the main thread: 1.6 s of it script: /app.js, 1.5 s"
    thrashing = read(
        replace(WORK, thread=1.9, layout=1.6, layouts=900), scripts=(ran(f"{SITE}/rows.js", 400, 1700, 1600),)
    )
    assert "1.6 s of it layout (900 layouts of 50 elements), forced by /rows.js, 1.7 s" in explain("cpu", thrashing)


def test_blocking_time_is_told() -> None:
    assert explain("tbt", read()) == "TBT 0 ms in 0 long tasks"


def test_nobody_interacted() -> None:
    assert explain("inp", read(interacts=False)) == "INP: nobody interacted"
