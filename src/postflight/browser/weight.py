"""Weighs a page: one visit with a cold cache, and all that it brought, counted by the browser itself.

Everything counted is exact: a second visit gives the same numbers, also on a busy machine. Two things are not the
page's own and are kept out of it: what it asks for again and again without an end counts once, and what has not ended
when the visit ends has no bytes. Frames of other sites run in processes of their own: only their documents are seen.
"""

import time
from collections.abc import Collection
from contextlib import suppress

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.responsive import answering, until_responsive
from postflight.browser.weight_content import ROOM_FOR_TIMINGS, WORLD, Content, read_content, read_scripts
from postflight.browser.weight_traffic import Traffic
from postflight.checks.weight.names import address
from postflight.checks.weight.page import Kind, PageWeight, ScriptUse
from postflight.errors import UnexpectedAnswer

NAVIGATION_DEADLINE = 15_000.0  # milliseconds
LOAD_DEADLINE = 10_000.0  # milliseconds for all that the page itself names
QUIET_DEADLINE = 4_000.0  # milliseconds after that, for half a second without a request
QUIET = 500.0  # milliseconds
ANSWER_DEADLINE = 10_000.0  # milliseconds for a page to answer at all
PRELOAD_VERDICT = (
    3_700.0  # milliseconds after the page has loaded: Chromium tells of unused preloads after three seconds
)
VIEWPORT = {"width": 1280, "height": 800}
_UNUSED = "was preloaded using link preload but not used"


def weigh(context: BrowserContext, url: str, *, allowed: Collection[str] = ()) -> PageWeight:
    """Visit a page in a fresh context and return what it weighs. `allowed`: hosts of others that may be asked.

    Waits until nothing has been asked for half a second, within a deadline. Raises `UnexpectedAnswer` for a page that
    answers with an error, or leads on to one that does; `PageHangs` for one that no longer answers; Playwright's errors
    for one that does not come. Whoever gives the context closes it, and the page with it: `Page.close` has no deadline,
    and never returns when Chromium is just showing what arrived (playwright#42068, about one page in fifteen that
    answers with an error).
    """
    page = context.new_page()
    session = context.new_cdp_session(page)
    traffic = Traffic(session, allowed)
    unused: list[str] = []
    page.on("console", lambda message: _note_preload(message, unused))
    _begin(session)
    page.set_default_timeout(ANSWER_DEADLINE)
    response = page.goto(url, wait_until="commit", timeout=NAVIGATION_DEADLINE)
    _require_page(response.status if response else 0, url)
    with answering(page, "to who weighs it", deadline=ANSWER_DEADLINE):
        settled = _settle(page, traffic)
        traffic.close()
        _require_page(traffic.page_status, page.url)
        scripts = read_scripts(session)
        if traffic.has_preloads:
            _wait_for_verdict(page, unused)
        content = read_content(session)
        traffic.take_timings(content.timings)
        traffic.take_bodies()
        return _page_weight(page.url, traffic, content, scripts, unused, settled=settled)


def _begin(session: CDPSession) -> None:
    session.send("Network.enable", {"maxTotalBufferSize": 50_000_000, "maxResourceBufferSize": 5_000_000})
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": ROOM_FOR_TIMINGS, "worldName": WORLD})
    session.send("Profiler.enable")
    session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})


def _require_page(status: int, url: str) -> None:
    if status >= 400:
        error = UnexpectedAnswer(
            f"The page to weigh answered {status}",
            expected="status 200",
            seen=f"status {status}",
            where=address(url),
        )
        error.causes = (f"{address(url)} answered {status} to who weighs it",)  # of all its checks: told once
        raise error


def _settle(page: Page, traffic: Traffic) -> bool:
    """Wait until the page is loaded and quiet. Returns whether it came to that within its deadlines.

    Quiet is only who has time: on a busy machine, a script may need longer than half a second before it asks for more.
    """
    until = time.monotonic() + (LOAD_DEADLINE + QUIET_DEADLINE) / 1000
    is_quiet = False
    with suppress(PlaywrightTimeout):
        page.wait_for_load_state("load", timeout=LOAD_DEADLINE)
        page.wait_for_load_state("networkidle", timeout=QUIET_DEADLINE)
        is_quiet = True
    asked = traffic.asked
    until_responsive(page)
    while is_quiet and traffic.asked != asked:
        asked = traffic.asked
        page.wait_for_timeout(QUIET)
        until_responsive(page)
        is_quiet = time.monotonic() < until
    return is_quiet


def _note_preload(message: ConsoleMessage, unused: list[str]) -> None:
    if message.type == "warning" and _UNUSED in message.text and len(unused) < 100:
        words = message.text.split()
        unused.append(next((word for word in words if word.startswith(("http:", "https:"))), ""))


def _wait_for_verdict(page: Page, unused: list[str]) -> None:
    """Wait until Chromium has told of preloads that nothing used: it does so some seconds after the page has loaded."""
    with suppress(PlaywrightTimeout):
        if not unused:
            page.wait_for_event("console", lambda message: _UNUSED in message.text, timeout=PRELOAD_VERDICT)


def _page_weight(
    url: str, traffic: Traffic, content: Content, scripts: dict[str, ScriptUse], unused: list[str], *, settled: bool
) -> PageWeight:
    polled = traffic.polled(settled=settled)
    resources = traffic.resources(url, settled=settled, polled=polled, below=content.below)
    loaded = {one.identity for one in resources if one.kind is Kind.SCRIPT}
    idle = [one.url for one in resources if one.preloaded and one.kind is Kind.SCRIPT and one.identity not in scripts]
    return PageWeight(
        url=address(url),
        resources=resources,
        elements=content.elements,
        images=content.images(resources),
        scripts=tuple(sorted((use for file, use in scripts.items() if file in loaded), key=lambda use: use.url)),
        faces=content.faces,
        unused_preloads=tuple(dict.fromkeys((*map(address, filter(None, unused)), *idle))),
        redirects=traffic.redirects(),
        polled=tuple(map(address, polled)),
        settled=settled,
        dropped=traffic.dropped,
        device_pixels=content.device_pixels,
    )
