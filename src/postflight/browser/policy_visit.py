"""Visits a page with the probes in its own answer, and says which of them the browser let run.

Requests of the probes end in the browser, and so do violation reports: nothing of a visit leaves it but the page's own
traffic. (`report-to` reports leave only with a permission, which a visit does not give.)
"""

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.policy_document import Document, Headers, fulfil
from postflight.browser.policy_probes import (
    BINDING,
    CANARY,
    DONE,
    MARKING,
    Kit,
    Page,
    Probe,
    build_kit,
    canary_body,
    probe_of,
)
from postflight.errors import CannotMeasure

DEADLINE = 8000.0
"""Milliseconds until a driver that was to run counts as one that did not."""

MAX_VIOLATIONS = 200

_LISTEN = f"""document.addEventListener('securitypolicyviolation', event => {{
  if (event.disposition === 'enforce')
    {BINDING}(JSON.stringify({{directive: event.effectiveDirective, blocked: event.blockedURI}}));
}});"""
_PATTERNS = (
    {"urlPattern": f"*://*.{CANARY}/*", "requestStage": "Request"},
    {"urlPattern": "*", "resourceType": "CSPViolationReport", "requestStage": "Request"},
)


@dataclass(frozen=True, slots=True)
class Violation:
    """What the browser said that a policy forbids. `blocked` is a URL, or a word such as `inline`."""

    directive: str
    blocked: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one visit. `finished` is false if the driver was to run and did not come to its end."""

    page: Page
    probes: tuple[Probe, ...]
    ran: frozenset[Probe]
    violations: tuple[Violation, ...]
    finished: bool


def visit(context: BrowserContext, url: str) -> Visit:
    """Open `url` in a new page of this context, with probes.

    Raises `CannotMeasure` if no HTML answer could be changed: an error, another content type, a service worker's own.
    """
    page = context.new_page()
    page.add_init_script(_LISTEN)
    session = context.new_cdp_session(page)
    visiting = _Visiting(session)
    visiting.begin()
    loaded = finished = False
    try:
        with page.expect_console_message(lambda message: message.text == DONE, timeout=DEADLINE) as done:
            page.goto(url)
            loaded = True
            if not visiting.kit.driven:
                page.evaluate("text => console.debug(text)", DONE)
        finished = bool(done.value)
    except PlaywrightTimeout:
        if not loaded:
            raise
    session.send("Runtime.evaluate", {"expression": "0"})  # what the page told before this answer has arrived now
    return visiting.result(url, finished=finished)


class _Visiting:
    """The state of one visit, which the handlers of CDP's events fill."""

    def __init__(self, session: CDPSession) -> None:
        self.kit = Kit("", (), driven=False)
        self._session = session
        self._document = Document(session, self._prepare, patterns=_PATTERNS, answer=self._answer)
        self._ran: set[Probe] = set()
        self._violations: list[Violation] = []

    def begin(self) -> None:
        """Listen to the probes, and hold back what has to be changed or answered."""
        self._session.on("Runtime.bindingCalled", self._on_mark)
        self._session.send("Runtime.enable")
        self._session.send("Runtime.addBinding", {"name": BINDING})
        self._document.begin()

    def result(self, url: str, *, finished: bool) -> Visit:
        """Return what was seen."""
        page = self._document.page
        if page is None:
            raise CannotMeasure(
                f"No probe could be put into {url}",
                expected="an HTML answer with status 200 from the network",
                seen="none: another status or content type, or a service worker's own answer",
                where=url,
            )
        # a form's frame is mostly refused, too: that alone says that form-action let it go
        about_form = {v.directive for v in self._violations if Probe.FORM.host in v.blocked}
        if about_form == {"frame-src"}:
            self._ran.add(Probe.FORM)
        return Visit(page, self.kit.probes, frozenset(self._ran), tuple(self._violations), finished)

    def _prepare(self, page: Page, _headers: Headers) -> str:
        self.kit = build_kit(page)
        return self.kit.markup

    def _on_mark(self, event: dict[str, Any]) -> None:
        text = str(event["payload"])
        if event["name"] != BINDING:
            return
        if not text.startswith("{"):
            self._ran.add(Probe(text))
        elif len(self._violations) < MAX_VIOLATIONS:
            found = json.loads(text)
            self._violations.append(Violation(str(found["directive"]), str(found["blocked"])))

    def _answer(self, event: dict[str, Any]) -> dict[str, Any] | None:
        if event["resourceType"] == "CSPViolationReport":
            return fulfil([], b"", 204)
        probe = probe_of(event["request"]["url"])
        if probe is None:
            return None
        if probe not in MARKING:
            self._ran.add(probe)
        kind, body = canary_body(probe)
        headers = [("Content-Type", kind), ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*")]
        return fulfil(headers, body.encode())
