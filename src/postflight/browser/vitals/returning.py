"""A visitor who comes back: a film of the first visit, then a reload with a warm cache, then back from another page.

None of its times decides: the film disturbs what it shows. What stands in the way of an instant return does, because it
is exact: a page that listens to `unload` is never kept in the back/forward cache, in any browser.
"""

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.responsive import answering, until_responsive
from postflight.browser.vitals.profiles import Profile
from postflight.browser.vitals.visit import (
    ACTION_DEADLINE,
    NAVIGATION_DEADLINE,
    PAINT_DEADLINE,
    open_page,
    prepare,
    read_record,
    settle,
)

MAX_FRAMES = 40
MAX_BYTES = 4_000_000  # of all frames together
LONGEST = 360  # pixels of a frame's longer side
QUALITY = 60
ELSEWHERE = "data:text/html,<title>elsewhere</title>"


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """What the page looked like, so many seconds after the first frame of the film: a JPEG."""

    at: float
    picture: bytes


@dataclass(frozen=True, slots=True)
class Returning:
    """The film, LCP of a reload and of a way back (None: not painted anew), and what forbids an instant way back."""

    film: tuple[FilmFrame, ...]
    warm: float | None
    back: float | None
    restored: bool  # from the back/forward cache
    unload_handlers: tuple[str, ...]  # "https://example.com/x.js:3"


def come_back(browser: Browser, url: str, profile: Profile, *, options: Mapping[str, Any] | None = None) -> Returning:
    """Visit `url`, reload it, leave it and go back. Errors are those of `visit`."""
    context = browser.new_context(**{**profile.context_options, **(options or {})})
    try:
        page = context.new_page()
        page.set_default_timeout(ACTION_DEADLINE)
        page.set_default_navigation_timeout(NAVIGATION_DEADLINE)
        session = context.new_cdp_session(page)
        prepare(page, session, profile)
        film = _Film(session)
        open_page(page, url)
        with answering(page, "after it was loaded", deadline=ACTION_DEADLINE):
            settle(page)
            patience = (
                PAINT_DEADLINE if read_record(page).candidates else 0.0
            )  # what was never painted is not waited for
            frames = film.end()
            handlers = unload_handlers(session)
        with answering(page, "when somebody comes back to it", deadline=ACTION_DEADLINE):
            page.reload(wait_until="load")
            warm = _largest_paint(page, patience)
            page.goto(ELSEWHERE)
            page.go_back(wait_until="load")
            restored = read_record(page).navigation.kind != "back_forward"
            return Returning(frames, warm, None if restored else _largest_paint(page, patience), restored, handlers)
    finally:
        context.close()


def unload_handlers(session: CDPSession) -> tuple[str, ...]:
    """Return where the page's listeners to `unload` are: script and line."""
    scripts: dict[str, str] = {}
    session.on("Debugger.scriptParsed", lambda event: scripts.update({event["scriptId"]: event["url"]}))
    session.send("Debugger.enable")
    try:
        found = session.send("Runtime.evaluate", {"expression": "window"})["result"]["objectId"]
        listeners = session.send("DOMDebugger.getEventListeners", {"objectId": found})["listeners"]
    finally:
        session.send("Debugger.disable")
    return tuple(
        f"{scripts.get(one['scriptId'], '') or 'a script of the page'}:{one['lineNumber'] + 1}"
        for one in listeners
        if one["type"] == "unload"
    )


def _largest_paint(page: Page, patience: float) -> float | None:
    until_responsive(page)
    page.evaluate("deadline => __postflightVitals.painted(deadline)", patience)
    candidates = read_record(page).candidates
    return candidates[-1].at / 1000 if candidates else None


class _Film:
    """Keeps the frames of a page from now on, with a bound on their number and size."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._frames: list[tuple[float, bytes]] = []
        self._bytes = 0
        session.on("Page.screencastFrame", self._on_frame)
        self._session.send(
            "Page.startScreencast", {"format": "jpeg", "quality": QUALITY, "maxWidth": LONGEST, "maxHeight": LONGEST}
        )

    def end(self) -> tuple[FilmFrame, ...]:
        """Return what was filmed; frames that show the same as the one before are left out."""
        self._session.send("Page.stopScreencast")
        if not self._frames:
            return ()
        first = self._frames[0][0]
        kept: list[FilmFrame] = []
        for at, picture in self._frames:
            if not kept or kept[-1].picture != picture:
                kept.append(FilmFrame(at - first, picture))
        return tuple(kept)

    def _on_frame(self, event: dict[str, Any]) -> None:
        picture = base64.b64decode(event["data"])
        if len(self._frames) < MAX_FRAMES and self._bytes + len(picture) <= MAX_BYTES:
            self._frames.append((float(event["metadata"]["timestamp"]), picture))
            self._bytes += len(picture)
        with suppress(PlaywrightError):  # the page is gone, and the film with it
            self._session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})
