"""Every request of a visit, as Chromium's network layer tells of it (CDP, domain Network)."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from playwright.sync_api import CDPSession
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.weight_exchange import Exchange
from postflight.checks.weight.names import address, is_allowed, is_third_party
from postflight.checks.weight.page import MAX_RESOURCES, Kind, Resource
from postflight.checks.weight.transfer import ASSETS, SAME_BODY_FROM, lifetime

POLLS = 3  # times that an unsettled page asks for the same: then it asks without an end
BY_THE_CLOCK = 0.4  # seconds after which a timer asks for the same again, and no mistake; a faster one leaves no rest
MOST_BODIES = 200  # whose content is compared
LONGEST_BODY = 2_000_000  # bytes of one of these
_KINDS = {
    "Document": Kind.DOCUMENT,
    "Script": Kind.SCRIPT,
    "Stylesheet": Kind.STYLE,
    "Image": Kind.IMAGE,
    "Font": Kind.FONT,
    "Fetch": Kind.FETCH,
    "XHR": Kind.FETCH,
}
_BLOCKING = ("Blocking", "InBodyParserBlocking")
_GIVEN_UP = "net::ERR_ABORTED"  # by the page, or by one that came after it


@dataclass(frozen=True, slots=True)
class Timing:
    """What the page's own clock says of a file: bytes of its body on the wire (0: hidden, or none), and seconds."""

    url: str
    size: int
    seconds: float


class Traffic:
    """Gathers the requests of one page. Make it before the page goes anywhere."""

    def __init__(self, session: CDPSession, allowed: Collection[str]) -> None:
        self._session = session
        self._allowed = allowed
        self._all: list[Exchange] = []
        self._under_way: dict[str, Exchange] = {}
        self._main_frame = ""
        self._shown: set[str] = set()  # requests of documents that the page came to be; its loaders bear their ids
        self._closed = False
        self.asked = 0
        self.dropped = 0
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.dataReceived", self._on_data)
        session.on("Network.requestServedFromCache", self._on_cached)
        session.on("Network.loadingFinished", self._on_end)
        session.on("Network.loadingFailed", self._on_failure)
        session.on("Page.frameNavigated", self._on_document)

    @property
    def has_preloads(self) -> bool:
        """Whether there are preloads of which only the browser knows whether they were used (not so with scripts)."""
        return any(one.preloaded and one.kind is not Kind.SCRIPT for one in self._all)

    @property
    def page_status(self) -> int:
        """The status of the document that is shown: a script may have led on to it."""
        return next((one.status for one in reversed(self._documents()) if one.status), 0)

    def close(self) -> None:
        """Count no more requests. What is asked for from here on, we have waited for, or asked for ourselves."""
        self._closed = True

    def polled(self, *, settled: bool) -> tuple[str, ...]:
        """Return the addresses that scripts asked for again and again: by a timer, or without ever coming to rest."""
        asked: dict[str, list[float]] = defaultdict(list)
        for one in self._all:
            if one.kind is Kind.FETCH and one.method == "GET":
                asked[one.url].append(one.start)
        return tuple(
            url
            for url, starts in asked.items()
            if any(after - before >= BY_THE_CLOCK for before, after in pairwise(starts))
            or (len(starts) >= POLLS and not settled)
        )

    def redirects(self) -> tuple[str, ...]:
        """Return the addresses that led on to the page: by an answer, or by a script of a page before it."""
        return tuple(address(one.url) for one in self._documents())[:-1]

    def _documents(self) -> list[Exchange]:
        """Return what was shown as the page, and what led there: not a download, nor an answer without content."""
        return [one for one in self._all if one.navigates and one.id in self._shown]

    def take_timings(self, timings: Iterable[Timing]) -> None:
        """Take the exact sizes of bodies from the page's own timings (`encodedBodySize`).

        Of HTTP/2, the network layer counts the headers of frames as well, 9 bytes each, and how many frames there are
        is chance. Its figure has to do where timings are hidden (another origin without Timing-Allow-Origin), and where
        one address gave answers of several sizes: nobody can say which is whose. The end of a worker's script is told
        to its worker, and to the timings.
        """
        told: dict[str, list[Timing]] = defaultdict(list)
        for timing in timings:
            told[timing.url].append(timing)
        for one in self._all:
            found = told.get(one.url, ())
            if one.redirected or one.failure or not found:
                continue
            if one.end is None and one.kind is Kind.SCRIPT and len(found) == 1:
                one.end = one.start + found[0].seconds
            if one.end is not None and found[0].size and len({each.size for each in found}) == 1:
                one.wire = found[0].size

    def take_bodies(self) -> None:
        """Note what the assets contain, as digests, so that the same content under two names can be seen."""
        assets = [one for one in self._all if one.kind in ASSETS and not one.cached]
        fitting = [one for one in assets if one.end is not None and SAME_BODY_FROM <= one.decoded <= LONGEST_BODY]
        for one in fitting[:MOST_BODIES]:
            try:
                answer = self._session.send("Network.getResponseBody", {"requestId": one.id})
            except PlaywrightError:  # a redirect's, or no longer kept
                continue
            body = str(answer.get("body", ""))
            one.content = _digest(base64.b64decode(body) if answer.get("base64Encoded") else body.encode())

    def resources(
        self, page_url: str, *, settled: bool, polled: Collection[str] = (), below: Collection[str] = ()
    ) -> tuple[Resource, ...]:
        """Return what reached the network, in order. Of what is `polled`, the first.

        `below`: addresses of what stands below something that is shown. The parser waits for it, and nobody else.
        """
        begun = self._all[0].start if self._all else 0.0
        seen: set[str] = set()
        found = []
        for one in self._all:
            if one.cached or one.stopped or (one.url in polled and one.url in seen):
                continue
            seen.add(one.url)
            blocking = one.blocking and one.url not in below
            resource = self._resource(one, page_url, begun)
            found.append(replace(resource, blocking=blocking, lost=one.why_lost(settled=settled)))
        return tuple(found)

    def _resource(self, one: Exchange, page_url: str, begun: float) -> Resource:
        third = is_third_party(one.url, page_url)
        return Resource(
            url=address(one.url),
            kind=one.kind,
            status=one.status,
            method=one.method,
            wire=one.wire if one.end is not None else 0,
            decoded=one.decoded if one.end is not None else 0,
            protocol=one.protocol,
            encoding=one.headers.get("content-encoding", "").strip().lower().removeprefix("identity")[:40],
            media_type=one.media_type[:100],
            lifetime=lifetime(one.headers),
            stored="no-store" not in one.headers.get("cache-control", "").lower(),
            preloaded=one.preloaded,
            third_party=third,
            stranger=third and not is_allowed(one.url, self._allowed),
            identity=identity(one.url),
            content=one.content,
            start=one.start - begun,
            first_byte=None if one.first_byte is None else one.first_byte - begun,
            end=None if one.end is None else one.end - begun,
            made_here=one.made_here,
        )

    def _on_request(self, event: dict[str, Any]) -> None:
        before = self._under_way.pop(event["requestId"], None)
        if before is not None and (answer := event.get("redirectResponse")):
            self._answer(before, answer)
            before.end, before.redirected = float(event["timestamp"]), True
        request = event["request"]
        if self._closed or not str(request["url"]).startswith(("http:", "https:")):
            return
        self.asked += 1
        if len(self._all) >= MAX_RESOURCES:
            self.dropped += 1
            return
        document = event.get("type") == "Document"
        if document and not self._main_frame:
            self._main_frame = str(event.get("frameId", ""))
        one = Exchange(
            id=str(event["requestId"]),
            url=str(request["url"]),
            method=str(request["method"]),
            kind=_KINDS.get(str(event.get("type")), Kind.OTHER),
            start=float(event["timestamp"]),
            blocking=event.get("renderBlockingBehavior") in _BLOCKING and event.get("frameId") == self._main_frame,
            preloaded=bool(request.get("isLinkPreload")),
            navigates=document and event.get("frameId") == self._main_frame,
        )
        self._all.append(one)
        self._under_way[one.id] = one

    def _on_response(self, event: dict[str, Any]) -> None:
        if (one := self._under_way.get(event["requestId"])) is not None:
            self._answer(one, event["response"])

    def _answer(self, one: Exchange, answer: Mapping[str, Any]) -> None:
        one.status = int(answer["status"])
        one.headers = {str(name).lower(): str(value) for name, value in answer["headers"].items()}
        one.media_type = str(answer.get("mimeType", ""))
        one.protocol = str(answer.get("protocol", ""))[:20]
        one.header_bytes = int(answer.get("encodedDataLength", 0))
        one.cached = one.cached or bool(answer.get("fromDiskCache"))
        one.made_here = bool(answer.get("fromServiceWorker"))
        if timing := answer.get("timing"):
            one.first_byte = float(timing["requestTime"]) + float(timing["receiveHeadersEnd"]) / 1000

    def _on_data(self, event: dict[str, Any]) -> None:
        if (one := self._under_way.get(event["requestId"])) is not None:
            one.decoded += int(event["dataLength"])

    def _on_cached(self, event: dict[str, Any]) -> None:
        if (one := self._under_way.get(event["requestId"])) is not None:
            one.cached = True

    def _on_end(self, event: dict[str, Any]) -> None:
        if (one := self._under_way.get(event["requestId"])) is not None:
            one.end = float(event["timestamp"])
            one.wire = max(0, int(event["encodedDataLength"]) - one.header_bytes)

    def _on_document(self, event: dict[str, Any]) -> None:
        if "parentId" not in event["frame"]:
            self._shown.add(str(event["frame"]["loaderId"]))

    def _on_failure(self, event: dict[str, Any]) -> None:
        if (one := self._under_way.get(event["requestId"])) is not None:
            one.end = float(event["timestamp"])
            one.stopped = bool(event.get("blockedReason")) and not one.status
            why = str(event.get("errorText") or "failed")[:100]
            one.failure = "" if event.get("canceled") or one.stopped or why == _GIVEN_UP else why


def identity(url: str) -> str:
    """Return the digest of a whole address, which may hold secrets; without its fragment, which is never sent."""
    return _digest(url.partition("#")[0].encode())


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()
