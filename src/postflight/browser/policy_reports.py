"""Breaks a page's policy once, on purpose, and follows the report to the endpoint that the policy names.

`report-uri` reports leave from the page and are seen as requests of it. `report-to` reports leave from the browser's
network service, which tells of them through CDP (`Network.enableReportingApi`). It sends them over HTTPS only, only
with a certificate that it trusts, and, without a window, only with the permission `background-sync`
(crbug.com/338470458).
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, CDPSession, Response
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from postflight.browser.policy_document import Document
from postflight.browser.policy_probes import CANARY, Page
from postflight.checks.csp import allows, declared_endpoints

DEADLINE = 5000.0
"""Milliseconds for a report to arrive."""

SHORT_DELAY = "--short-reporting-delay"
"""Argument of the browser. Without it, all `report-to` reports but the first one are held back for a minute."""

_SETTLED = "postflight: the report is settled"
_BREACHES = {
    "img-src": '<img alt="" src="{url}">',
    "script-src": '<script src="{url}"></script>',
    "frame-src": '<iframe hidden src="{url}"></iframe>',
    "style-src": '<link rel="stylesheet" href="{url}">',
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the report. `endpoint` is empty where the page's policies name none; `words` say what was seen.

    `broken` is the directive that was broken on purpose, empty where the policies forbid nothing that could be tried.
    """

    endpoint: str
    broken: str
    arrived: bool
    words: str


def send_report(context: BrowserContext, url: str, token: str) -> Delivery:
    """Open the page with something from a host that is named after `token`, and wait until its report has arrived.

    The token (letters, digits, dashes) is in the report as a part of the blocked address. The context must be fresh: it
    is permitted to report from here on.
    """
    context.grant_permissions(["background-sync"])
    page = context.new_page()
    breach = _Breach(context.new_cdp_session(page), token)
    breach.begin()
    page.on("response", breach.on_response)
    loaded = False
    try:
        with page.expect_console_message(lambda message: message.text == _SETTLED, timeout=DEADLINE):
            page.goto(url)
            loaded = True
            if breach.words:
                page.evaluate("text => console.debug(text)", _SETTLED)
    except PlaywrightTimeout:
        if not loaded:
            raise
    words = breach.words or f"no report within {DEADLINE / 1000:g} s"
    return Delivery(breach.endpoint, breach.broken, breach.arrived, words)


class _Breach:
    """The state of one report, which the handlers of events fill. `words` is empty until it is settled."""

    def __init__(self, session: CDPSession, token: str) -> None:
        self.endpoint = ""
        self.broken = ""
        self.arrived = False
        self.words = ""
        self._session = session
        self._url = f"https://{token}.{CANARY}/report"
        self._token = token
        self._report_uri = ""
        self._document = Document(session, self._prepare)

    def begin(self) -> None:
        """Listen, and hold the page's answer back until something is put into it."""
        self._document.begin()
        self._session.on("Network.reportingApiReportAdded", self._on_report)
        self._session.on("Network.reportingApiReportUpdated", self._on_report)
        self._session.send("Network.enable")
        self._session.send("Network.enableReportingApi", {"enable": True})

    def on_response(self, response: Response) -> None:
        """Take the answer to a `report-uri` report."""
        request = response.request
        if request.url == self._report_uri and request.method == "POST" and self._token in (request.post_data or ""):
            self._settle(arrived=response.ok, words=f"{request.url} answered {response.status}")

    def _prepare(self, page: Page, headers: list[tuple[str, str]]) -> str:
        self._find_endpoint(page, headers)
        forbidden = (name for name in _BREACHES if not allows(page.policies, name, self._url, page.origin))
        self.broken = next(forbidden, "") if self.endpoint else ""
        if self.endpoint and not self.broken:
            self.words = "the policies forbid nothing that could be tried"
        return _BREACHES[self.broken].format(url=self._url) if self.broken else ""

    def _find_endpoint(self, page: Page, headers: list[tuple[str, str]]) -> None:
        """`report-to` silences `report-uri`, also when it leads nowhere."""
        for policy in page.policies:
            to, uri = policy.get("report-to"), policy.get("report-uri")
            if policy.enforced and to is not None and to.values:
                self.endpoint = f"report-to {to.values[0]}"
                if not page.url.startswith("https:"):
                    self.words = "report-to reaches nobody over plain HTTP, and silences report-uri"
                elif to.values[0] not in declared_endpoints(headers):
                    self.words = f"no Reporting-Endpoints header declares {to.values[0]!r}, so the report is dropped"
                return
            if policy.enforced and uri is not None and uri.values:
                self.endpoint = f"report-uri {uri.values[0]}"
                self._report_uri = urljoin(page.url, uri.values[0])
                return
        self.words = "no enforced policy names an endpoint"

    def _on_report(self, event: dict[str, Any]) -> None:
        report = event["report"]
        if self.words or self._token not in str(report.get("body", {}).get("blockedURL", "")):
            return
        if report["status"] == "Success":
            self._settle(arrived=True, words=f"{self.endpoint}: taken")
        elif report["completedAttempts"] or report["status"] == "MarkedForRemoval":
            self._settle(
                arrived=False, words=f"{self.endpoint}: the endpoint did not take it (an answer of 300 or above)"
            )

    def _settle(self, *, arrived: bool, words: str) -> None:
        self.arrived, self.words = arrived, words
        with suppress(PlaywrightError):  # the page is closed: nobody waits any more
            self._session.send("Runtime.evaluate", {"expression": f"console.debug({_SETTLED!r})"})
