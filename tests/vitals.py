"""Visits for tests: a record as a browser tells it of an ordinary page, to be changed where a test needs it."""

from dataclasses import replace
from typing import Any

from postflight.checks.vitals import Vitals, Work, read_vitals
from postflight.checks.vitals.record import (
    InputEvent,
    LayoutShift,
    MovedNode,
    Navigation,
    PaintCandidate,
    Record,
    Resource,
    ScriptRun,
    Task,
)

SITE = "https://site.test"
NAVIGATION = Navigation("navigate", 0, 0, 10, 20, 30, 100, 110, 600)
HERO = Resource(f"{SITE}/hero.svg", "img", 150, 160, 400, 3000, blocking=False)
STYLES = Resource(f"{SITE}/site.css", "link", 120, 125, 300, 3000, blocking=True)
CLICK = InputEvent(1, "click", "a.button", 1000, 48, 1004, 1030)
RECORD = Record(
    navigation=NAVIGATION,
    first_contentful_paint=320,
    candidates=(PaintCandidate(420, "img.hero", HERO.url, lazy=False),),
    shifts=(),
    events=(CLICK,),
    tasks=(),
    scripts=(),
    resources=(HERO, STYLES),
    interactions=1,
    elements=50,
    hidden=False,
    dropped=0,
)
WORK = Work(0.03, 0.01, 0.003, 0.002, 2, 3, 50)


def read(work: Work = WORK, *, interacts: bool = True, **changed: Any) -> Vitals:
    """Return the vitals of the ordinary page with these parts of its record changed."""
    record = replace(RECORD, **changed)
    return read_vitals(record, url=f"{SITE}/", profile="mobile", work=work, interacted_at=900, interacts=interacts)


def shift(at: float, value: float, *, after_input: bool = False, node: MovedNode | None = None) -> LayoutShift:
    return LayoutShift(at, value, after_input, (node or MovedNode("section.features", 220, ""),))


def event(interaction: int, duration: float, kind: str = "click", **changed: Any) -> InputEvent:
    return replace(CLICK, interaction=interaction, duration=duration, kind=kind, **changed)


def ran(url: str, start: float, duration: float, forced: float = 0, invoker: str = "") -> ScriptRun:
    return ScriptRun(url, invoker, "", start, duration, forced)


def task(start: float, duration: float) -> Task:
    return Task(start, duration)
