"""Watches every page of a browser context, popups included, and fails the test whose page had trouble.

What counts: console errors, uncaught exceptions, requests that were lost or answered with 400 and above, violations of
the page's security policy, mixed content, crashes, and a page that no longer answers. A report-only policy's
violations are recorded, and never fail a test: they are what such a policy is for.

A request that ends in `net::ERR_ABORTED` was given up by the page or the test (a navigation, an AbortController, a
closed page, a body that nobody read) and is no trouble, with one exception: a script or style sheet of a document
that is still there, because then the page lacks it. An event stream that ends after it was answered is none either.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page, Request, Response, WebError
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser import trouble as kinds
from postflight.browser.trouble import Trouble, cut, from_console, from_issue, judge, told_once
from postflight.errors import PageTrouble
from postflight.model import AllowedTrouble

MAX_TROUBLES = 200
FLUSH_DEADLINE = 5.0  # seconds for a page to answer that it has told everything
ABORTED = "net::ERR_ABORTED"
NEEDED = ("script", "stylesheet")


class Guard:
    """Records the troubles of all pages of one context, from its construction on. Make it before the first page."""

    def __init__(
        self, context: BrowserContext, *, allowed: tuple[AllowedTrouble, ...] = (), base_url: str = "", today: date
    ) -> None:
        self._context = context
        self._allowed = allowed
        self._base_url = base_url
        self._today = today
        self._seen: list[Trouble] = []
        self._dropped = 0
        self._audits: dict[Page, CDPSession] = {}
        self._streams: set[Request] = set()  # answered event streams: they may end, and are reconnected
        self._pending: dict[Page, set[Request]] = {}  # scripts and style sheets of the documents that are shown
        context.on("page", self._watch)
        context.on("console", self._on_console)
        context.on("weberror", self._on_exception)
        context.on("request", self._on_request)
        context.on("requestfinished", self._on_finished)
        context.on("requestfailed", self._on_failed)
        context.on("response", self._on_response)
        for page in context.pages:
            self._watch(page)

    def troubles(self) -> tuple[Trouble, ...]:
        """Return all troubles up to now, in order and each once, after every page has told what it knows."""
        self._flush()
        found = [judge(trouble, self._allowed, self._today) for trouble in told_once(self._seen)]
        if self._dropped:
            found.append(Trouble(kinds.OVERFLOW, f"{self._dropped} more than the {MAX_TROUBLES} that are kept"))
        return tuple(found)

    def check(self) -> None:
        """Raise `PageTrouble` if a trouble is not allowed."""
        found = [trouble for trouble in self.troubles() if not trouble.allowed]
        if not found:
            return
        many = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise PageTrouble(
            f"The page had trouble: {found[0]}{many}",
            expected="no console errors, exceptions, lost requests or policy violations",
            seen="\n".join(map(str, found)),
            where=found[0].page or self._base_url,
        )

    @contextmanager
    def expecting(self, kind: str, *, match: str = "") -> Iterator[None]:
        """Declare a trouble that the block is meant to cause: `with guard.expecting("http 401", match="/login")`.

        Raises `PageTrouble` when it does not come: then the page hides it, or the test has grown old. An error of the
        block itself passes through.
        """
        self._flush()
        before = len(self._seen)
        yield
        self._flush()
        came = [index for index in range(before, len(self._seen)) if self._seen[index].is_like(kind, match)]
        if not came:
            raise PageTrouble(
                f"Expected {kind} {match!r}, and none came".replace(" ''", ""),
                expected=f"{kind} {match}".strip(),
                seen="\n".join(map(str, told_once(self._seen[before:]))) or "no trouble",
                where=self._base_url,
            )
        for index in came:
            self._seen[index] = replace(self._seen[index], allowed=True)

    def _add(self, trouble: Trouble | None) -> None:
        if trouble is None:
            return
        if len(self._seen) < MAX_TROUBLES:
            self._seen.append(trouble)
        else:
            self._dropped += 1

    def _watch(self, page: Page) -> None:
        page.on("crash", lambda crashed: self._add(Trouble(kinds.CRASH, "the page crashed", page=crashed.url)))
        with suppress(PlaywrightError):  # closed already; the console's texts remain
            session = self._context.new_cdp_session(page)
            self._audits[page] = session
            session.on("Audits.issueAdded", lambda event: self._add(from_issue(event["issue"], page.url)))
            session.send("Audits.enable")  # tells what happened before, too

    def _flush(self) -> None:
        """Make every page answer a question: what it told before has then arrived. No sleeping.

        Events of one page come in order, so that nothing that happened before the question can come after the answer.
        """
        for page in [page for page in self._context.pages if not page.is_closed()]:
            try:
                page.locator(":root").wait_for(state="attached", timeout=FLUSH_DEADLINE * 1000)
                if page in self._audits:
                    self._audits[page].send("Audits.enable")
            except PlaywrightTimeout:
                self._add(Trouble(kinds.UNRESPONSIVE, f"no answer within {FLUSH_DEADLINE:g} s", page=page.url))
            except PlaywrightError:  # closed or crashed meanwhile: what it had told is here
                continue

    def _on_console(self, message: ConsoleMessage) -> None:
        location: Any = message.location
        self._add(from_console(message.type, message.text, location.get("url", ""), _address(message.page)))

    def _on_exception(self, event: WebError) -> None:
        error = event.error
        places = [line.strip() for line in (error.stack or "").splitlines() if line.strip().startswith("at ")]
        text = " ".join([f"{error.name or 'thrown'}: {error.message}", *places[:1]])
        self._add(Trouble(kinds.EXCEPTION, cut(text), page=_address(event.page)))

    def _on_request(self, request: Request) -> None:
        page = _page_of(request)
        if page is None:
            return
        if request.is_navigation_request():
            self._pending.pop(page, None)  # whatever is given up from here on, the navigation explains
        elif request.resource_type in NEEDED:
            self._pending.setdefault(page, set()).add(request)

    def _on_finished(self, request: Request) -> None:
        page = _page_of(request)
        if page in self._pending:
            self._pending[page].discard(request)

    def _on_failed(self, request: Request) -> None:
        page, why = _page_of(request), request.failure or "failed"
        if why == ABORTED and (page is None or page.is_closed() or request not in self._pending.get(page, ())):
            return
        ended = request in self._streams
        text = f"{why} {request.resource_type}"
        self._add(Trouble(kinds.REQUEST, cut(text), cut(request.url), _address_for(request), allowed=ended))

    def _on_response(self, response: Response) -> None:
        if response.request.resource_type == "eventsource" and response.status < 400:
            self._streams.add(response.request)
        if response.status >= 400:
            request = response.request
            text = f"{request.method} {request.resource_type}"
            self._add(Trouble(f"http {response.status}", text, cut(response.url), _address_for(request)))


def _page_of(request: Request) -> Page | None:
    """Return the page of a request; None for a service worker's, and for the first of a popup."""
    try:
        return request.frame.page
    except PlaywrightError:
        return None


def _address_for(request: Request) -> str:
    """Return the address of the page that a request was made for: while it navigates, the one that it goes to."""
    page = _page_of(request)
    if page and request.is_navigation_request() and request.frame == page.main_frame:
        return request.url
    return _address(page)


def _address(page: Page | None) -> str:
    return page.url if page else ""
