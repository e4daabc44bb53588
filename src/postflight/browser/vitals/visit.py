"""One visit to a page by one kind of visitor, and the Web Vitals that it had.

What is measured when:

    load       cold cache, slow network, processor as it is   LCP, CLS, FCP, TTFB, thread CPU, elements
    interact   processor slowed down as the profile says      INP

CPU seconds are the main thread's own (thread ticks), so other processes do not count. See `profiles.Profile` for why
network and processor are never slowed down at the same time.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from pydantic import TypeAdapter

from postflight.browser.responsive import answering, until_responsive
from postflight.browser.vitals.profiles import Profile
from postflight.checks.vitals.model import Vitals, Work
from postflight.checks.vitals.reading import read_vitals
from postflight.checks.vitals.record import Record
from postflight.errors import UnexpectedAnswer

INSTRUMENT = (Path(__file__).parent / "instrument.js").read_text(encoding="utf-8")
NAVIGATION_DEADLINE = 20_000.0  # milliseconds
ACTION_DEADLINE = 10_000.0
IDLE_DEADLINE = 6_000.0  # a page that polls is never idle; it is measured nevertheless
PAINT_DEADLINE = 6_000.0
INPUT_DEADLINE = 5_000.0

Interact = Callable[[Page], None]

_RECORD = TypeAdapter(Record)


def visit(
    browser: Browser,
    url: str,
    profile: Profile,
    *,
    options: Mapping[str, Any] | None = None,
    interact: Interact | None = None,
) -> Vitals:
    """Open `url` in a new context (cold cache), let it load, do what `interact` does, and return what was felt.

    `options` are more keyword arguments for `browser.new_context`, such as `storage_state` or `extra_http_headers`.
    `interact` clicks and types for real, and does not leave the page; without it there is no INP.

    Raises `UnexpectedAnswer` for a status of 400 and above, `PageHangs` if the page no longer answers, `CannotMeasure`
    if a figure did not come, and Playwright's errors as they are: a page that cannot be reached, or an element that is
    not there.
    """
    context = browser.new_context(**{**profile.context_options, **(options or {})})
    try:
        page = context.new_page()
        page.set_default_timeout(ACTION_DEADLINE)
        page.set_default_navigation_timeout(NAVIGATION_DEADLINE)
        session = context.new_cdp_session(page)
        prepare(page, session, profile)
        return observe(page, session, url, profile, interact)
    finally:
        context.close()


def prepare(page: Page, session: CDPSession, profile: Profile) -> None:
    """Put the instrument into all that this page will show, and hold it to the profile's network."""
    page.add_init_script(INSTRUMENT)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    profile.slow_network(session)


def observe(page: Page, session: CDPSession, url: str, profile: Profile, interact: Interact | None) -> Vitals:
    """Open `url` in a page that is prepared, and return what was felt. Errors are those of `visit`."""
    open_page(page, url)
    with answering(page, "after it was loaded", deadline=ACTION_DEADLINE):
        now = settle(page)
        work = read_work(session, page)
    if interact is not None:
        with answering(page, "to a key or a click", deadline=ACTION_DEADLINE):
            profile.slow_processor(session)
            interact(page)
            until_responsive(page)
            page.evaluate("deadline => __postflightVitals.interacted(deadline)", INPUT_DEADLINE)
    with answering(page, "when it is asked what was felt", deadline=ACTION_DEADLINE):
        record = read_record(page)
    return read_vitals(
        record, url=url, profile=profile.name, work=work, interacted_at=now, interacts=interact is not None
    )


def open_page(page: Page, url: str) -> None:
    """Go to `url` and wait for its load event. Raises `UnexpectedAnswer` for an error's page."""
    answer = page.goto(url, wait_until="load")
    if answer is not None and answer.status >= 400:
        raise UnexpectedAnswer(
            f"{url} answered with status {answer.status}", expected="a page", seen=str(answer.status), where=url
        )


def settle(page: Page) -> float:
    """Wait until the page has asked for nothing for 0.5 s and is painted; return the page's clock in milliseconds."""
    with suppress(PlaywrightTimeout):  # it polls, or streams: what was painted by now is what counts
        page.wait_for_load_state("networkidle", timeout=IDLE_DEADLINE)
    until_responsive(page)
    return float(page.evaluate("deadline => __postflightVitals.painted(deadline)", PAINT_DEADLINE))


def read_record(page: Page) -> Record:
    """Return what the instrument wrote down."""
    return _RECORD.validate_python(page.evaluate("() => __postflightVitals.read()"))


def read_work(session: CDPSession, page: Page) -> Work:
    """Return what the main thread has done since the page's process began."""
    told = {entry["name"]: float(entry["value"]) for entry in session.send("Performance.getMetrics")["metrics"]}
    return Work(
        thread=told["TaskDuration"],
        script=told["ScriptDuration"],
        layout=told["LayoutDuration"],
        style=told["RecalcStyleDuration"],
        layouts=int(told["LayoutCount"]),
        styles=int(told["RecalcStyleCount"]),
        elements=int(page.evaluate("() => document.getElementsByTagName('*').length")),
    )
