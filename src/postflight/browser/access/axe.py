"""Runs axe-core on a page, without the page noticing: in isolated worlds, frame by frame, and nothing is fetched.

axe's usual way (one script in the page's own world that speaks to its frames by messages) would run under the page's
policy, be seen by its scripts and send messages to their listeners. So each frame is examined for itself
(`runPartial`) and the parts are joined (`finishRun`), as axe-core's own drivers for Playwright and WebDriver do.
Frames of other origins are not examined: they are not the deployment's. axe then says so ("frame-tested", incomplete).
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from playwright.sync_api import CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.access.world import World, top_frame
from postflight.browser.responsive import until_responsive
from postflight.checks.access.axe import PROMISED, TOLD, Examination, broken, read, settled
from postflight.errors import CannotMeasure

PACKAGE = "axe_playwright_python"  # ships axe-core as released; nothing else of it is used
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
OPTIONS = {
    "runOnly": {"type": "tag", "values": [*PROMISED, *TOLD]},
    "resultTypes": ["violations", "incomplete"],
    "preload": False,  # it would fetch style sheets of other origins, against the page's policy
}
DEEPEST = 5  # frames within frames
MOST_LOOKS = 5
PAUSE = 800.0  # milliseconds between two looks

_ORIGIN = "() => self.origin"
_FRAMES = "context => axe.utils.getFrameContexts(context ?? document)"
_PART = "(context, options) => axe.runPartial(context ?? document, options)"
_WHOLE = "(parts, options) => axe.finishRun(parts, options)"
# what is half-way from one colour to another, or still fades in, has the contrast of neither
_COME_TO_REST = """() => {
  for (const moving of document.getAnimations()) {
    if (Number.isFinite(moving.effect?.getComputedTiming().endTime) && moving.playbackRate > 0) moving.finish();
  }
}"""


def examine(page: Page, scheme: str = "light") -> Examination:
    """Examine what the page shows now, in the colour scheme in which it was opened.

    A violation counts that the next look sees in the same way: scripts fade things in, too, and fill in names late.
    Raises `CannotMeasure` if axe does not run, or finds nothing that it could look at.
    """
    session = page.context.new_cdp_session(page)
    try:
        top = World(session, top_frame(session))
        top.run(_source())
        looks = [_look(session, top)]
        while broken(looks[-1]) and len(looks) < MOST_LOOKS and (len(looks) < 2 or _differ(*looks[-2:])):
            page.wait_for_timeout(PAUSE)
            until_responsive(page)
            looks.append(_look(session, top))
        return read(settled(*looks[-2:]), scheme)
    finally:
        session.detach()


def _look(session: CDPSession, top: World) -> Mapping[str, Any]:
    top.call(_COME_TO_REST)
    found: Mapping[str, Any] = top.call(_WHOLE, _parts(session, top, None), OPTIONS)
    return found


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return broken(one) != broken(other)


def _parts(session: CDPSession, world: World, context: object, depth: int = 0) -> list[Any]:
    """Examine a frame and those in it: axe wants them in this order, and null for a frame that could not be."""
    inner = world.call(_FRAMES, context)
    parts = [world.call(_PART, context, OPTIONS)]
    for frame in inner:
        try:
            if depth == DEEPEST:
                raise CannotMeasure(f"more than {DEEPEST} frames within each other")
            found = world.frame_of(f"axe.utils.shadowSelect({json.dumps(frame['frameSelector'])})")
            inside = World(session, found)
            if inside.call(_ORIGIN) != world.call(_ORIGIN):
                raise CannotMeasure("what others show in a frame is theirs")
            inside.run(_source())
            parts += _parts(session, inside, frame["frameContext"], depth + 1)
        except (PlaywrightError, CannotMeasure):  # also: another site's may have a process of its own, or be gone
            parts.append(None)
    return parts


@cache
def _source() -> str:
    return files(PACKAGE).joinpath("axe.min.js").read_text(encoding="utf-8")
