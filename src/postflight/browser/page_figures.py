"""The figures of a page that two deployments can be compared by: exact counts, thread CPU, network-throttled LCP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from postflight.browser.vitals import visit
from postflight.browser.vitals.profiles import Profile
from postflight.checks.vitals import Vitals
from postflight.errors import CannotMeasure


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One visit with a cold cache. Bytes are those of answers' bodies as they were sent, so without their headers.

    `url` is where the visit ended, after all redirects.
    """

    vitals: Vitals
    lcp: float  # seconds
    bytes: int
    requests: int
    url: str


def measure(
    browser: Browser,
    url: str,
    profile: Profile,
    *,
    interact: visit.Interact | None = None,
    options: Mapping[str, Any] | None = None,
) -> PageFigures:
    """Open `url` in a new context and return its figures; what `interact` makes the page load is not counted.

    Raises what `browser.vitals.visit` does, and `CannotMeasure` if the browser tells of no contentful paint.
    """
    with browser.new_context(**{**profile.context_options, **(options or {})}) as context:
        page = context.new_page()
        page.set_default_timeout(visit.ACTION_DEADLINE)
        page.set_default_navigation_timeout(visit.NAVIGATION_DEADLINE)
        session = context.new_cdp_session(page)
        traffic = _Traffic(session)
        visit.prepare(page, session, profile)

        def counted_until_then(page: Page) -> None:
            traffic.end()
            if interact is not None:
                interact(page)

        vitals = visit.observe(page, session, url, profile, counted_until_then if interact else None)
        if vitals.lcp is None:
            raise CannotMeasure(
                "The browser told of no contentful paint, so there is no LCP that could be compared", where=url
            )
        return PageFigures(vitals, vitals.lcp.at, traffic.bytes, traffic.requests, page.url)


class _Traffic:
    """Counts the answers of a page, as they were sent."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = self.requests = 0
        self._heads: dict[str, int] = {}
        self._ended = False
        session.on("Network.responseReceived", self._on_head)
        session.on("Network.loadingFinished", self._on_end)

    def end(self) -> None:
        """Count no longer."""
        self._ended = True

    def _on_head(self, event: dict[str, Any]) -> None:
        self._heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def _on_end(self, event: dict[str, Any]) -> None:
        head = self._heads.pop(event["requestId"], None)
        if head is not None and not self._ended:  # None: a data: URL, or an answer out of a service worker
            self.requests += 1
            self.bytes += int(event["encodedDataLength"]) - head
