"""The figures of a page that two deployments can be compared by: exact counts, thread CPU, network-throttled LCP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession

from postflight.browser.vitals import visit
from postflight.browser.vitals.profiles import Profile
from postflight.checks.vitals import Vitals, read_vitals


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One visit with a cold cache. Bytes are those of answers' bodies as they were sent, so without their headers.

    `url` is where the visit ended, after all redirects.
    """

    vitals: Vitals
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
    """Open `url` in a new context and return its figures. Raises what `browser.vitals.visit` does."""
    with browser.new_context(**{**profile.context_options, **(options or {})}) as context:
        page = context.new_page()
        page.set_default_timeout(visit.ACTION_DEADLINE)
        page.set_default_navigation_timeout(visit.NAVIGATION_DEADLINE)
        session = context.new_cdp_session(page)
        traffic = _Traffic(session)
        visit.prepare(page, session, profile)
        visit.open_page(page, url)
        now = visit.settle(page)
        work = visit.read_work(session, page)
        counted = traffic.bytes, traffic.requests
        if interact is not None:
            profile.slow_processor(session)
            interact(page)
            page.evaluate("deadline => __postflightVitals.interacted(deadline)", visit.INPUT_DEADLINE)
        record, ended = visit.read_record(page), page.url
    vitals = read_vitals(
        record, url=url, profile=profile.name, work=work, interacted_at=now, interacts=interact is not None
    )
    return PageFigures(vitals, *counted, ended)


class _Traffic:
    """Counts the answers of a page, as they were sent."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = self.requests = 0
        self._heads: dict[str, int] = {}
        session.on("Network.responseReceived", self._on_head)
        session.on("Network.loadingFinished", self._on_end)

    def _on_head(self, event: dict[str, Any]) -> None:
        self._heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def _on_end(self, event: dict[str, Any]) -> None:
        head = self._heads.pop(event["requestId"], None)
        if head is not None:  # None: a data: URL, or an answer out of a service worker
            self.requests += 1
            self.bytes += int(event["encodedDataLength"]) - head
