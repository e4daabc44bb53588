"""Puts markup into the browser's copy of a page, through CDP's `Fetch` at the response stage.

The answer keeps its real headers, and the markup is judged as the server's own would be. (`page.evaluate` would prove
nothing: an `eval` inside it is free of the policy.) The change happens in our browser only; nobody else sees it.
"""

import base64
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from playwright.sync_api import CDPSession
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.policy_probes import Page
from postflight.checks.csp import parse_headers, parse_meta

Headers = list[tuple[str, str]]
Handler = Callable[[dict[str, Any]], dict[str, Any] | None]

_NONCE = re.compile(r"<script\b[^>]*?\snonce=(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_NOT_THE_BODYS = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Document:
    """Changes the first HTML answer (200) to the main frame of a page, and lets others through.

    `prepare` is given the page and its header lines, and returns the markup. `answer` may answer other requests that
    match `patterns` (CDP's `RequestPattern`s) with the parameters of `Fetch.fulfillRequest`.
    """

    def __init__(
        self,
        session: CDPSession,
        prepare: Callable[[Page, Headers], str],
        *,
        patterns: Sequence[dict[str, str]] = (),
        answer: Handler = lambda _event: None,
    ) -> None:
        self.page: Page | None = None
        self._session = session
        self._prepare = prepare
        self._patterns = patterns
        self._answer = answer
        self._main_frame = ""

    def begin(self) -> None:
        """Hold answers back from here on."""
        send = self._session.send
        self._main_frame = send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._session.on("Fetch.requestPaused", self._on_paused)
        documents = {"urlPattern": "*", "resourceType": "Document", "requestStage": "Response"}
        send("Fetch.enable", {"patterns": [documents, *self._patterns]})

    def _on_paused(self, event: dict[str, Any]) -> None:
        request = {"requestId": event["requestId"]}
        with suppress(PlaywrightError):  # the page gave the request up, or is closed
            changed = self._answer(event) or (self._changed(event) if self._is_the_page(event) else None)
            if changed is None:
                self._session.send("Fetch.continueRequest", request)
            else:
                self._session.send("Fetch.fulfillRequest", request | changed)

    def _is_the_page(self, event: dict[str, Any]) -> bool:
        kinds = [h["value"].lower() for h in event.get("responseHeaders", ()) if h["name"].lower() == "content-type"]
        return (
            self.page is None
            and event["frameId"] == self._main_frame
            and event.get("responseStatusCode") == 200
            and any(kind.startswith("text/html") for kind in kinds)
        )

    def _changed(self, event: dict[str, Any]) -> dict[str, Any]:
        held = self._session.send("Fetch.getResponseBody", {"requestId": event["requestId"]})
        body = base64.b64decode(held["body"]) if held["base64Encoded"] else held["body"].encode()
        lines = [(h["name"], value) for h in event["responseHeaders"] for value in h["value"].split("\n")]
        self.page = read_answer(event["request"]["url"], lines, body.decode("utf-8", "replace"))
        markup = self._prepare(self.page, lines)
        kept = [line for line in lines if line[0].lower() not in _NOT_THE_BODYS]
        return fulfil(kept, add_markup(body, markup))


def read_answer(url: str, headers: Headers, html: str) -> Page:
    """Return what an answer says of its policies. The nonce is the one that the page's first script with one shows."""
    found = _NONCE.search(html)
    nonce = next((group for group in found.groups() if group), "") if found else ""
    return Page(url, (*parse_headers(headers), *parse_meta(html)), nonce)


def add_markup(body: bytes, markup: str) -> bytes:
    """Return the document with the markup at the end of its body."""
    before, end, after = body.rpartition(b"</body>")
    return before + markup.encode() + end + after if end else body + markup.encode()


def fulfil(headers: Headers, body: bytes, status: int = 200) -> dict[str, Any]:
    """Return the parameters of `Fetch.fulfillRequest` for this answer."""
    lines = [{"name": name, "value": value} for name, value in headers]
    return {"responseCode": status, "responseHeaders": lines, "body": base64.b64encode(body).decode()}
