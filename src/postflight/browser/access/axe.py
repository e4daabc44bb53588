"""Runs axe-core on a page, without the page noticing: in isolated worlds, frame by frame, and nothing is fetched.

axe's usual way (one script in the page's own world that speaks to its frames by messages) would run under the page's
policy, be seen by its scripts and send messages to their listeners. So each frame is examined for itself
(`runPartial`) and the parts are joined (`finishRun`), as axe-core's own drivers for Playwright and WebDriver do.
Frames of other origins are not examined: they are not the deployment's. axe then says so ("frame-tested", incomplete).
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.access.world import World, top_frame
from postflight.checks.access.axe import PROMISED, TOLD, Examination, read
from postflight.errors import CannotMeasure

PACKAGE = "axe_playwright_python"  # ships axe-core as released; nothing else of it is used
SCHEMES = ("light", "dark")
OPTIONS = {
    "runOnly": {"type": "tag", "values": [*PROMISED, *TOLD]},
    "resultTypes": ["violations", "incomplete"],
    "preload": False,  # it would fetch style sheets of other origins, against the page's policy
}
DEEPEST = 5  # frames within frames

_ORIGIN = "() => self.origin"
_FRAMES = "context => axe.utils.getFrameContexts(context ?? document)"
_PART = "(context, options) => axe.runPartial(context ?? document, options)"
_WHOLE = "(parts, options) => axe.finishRun(parts, options)"
# what is half-way from one colour to another has the contrast of neither
_COME_TO_REST = """() => {
  for (const moving of document.getAnimations()) if (moving instanceof CSSTransition) moving.finish();
}"""


def examine(page: Page, schemes: Sequence[str] = SCHEMES) -> tuple[Examination, ...]:
    """Examine what the page shows now, once for each colour scheme, and leave it in its own.

    Raises `CannotMeasure` if axe does not run, or finds nothing that it could look at.
    """
    session = page.context.new_cdp_session(page)
    try:
        top = World(session, top_frame(session))
        top.run(_source())
        seen = []
        for scheme in schemes:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            top.call(_COME_TO_REST)
            seen.append(read(top.call(_WHOLE, _parts(session, top, None), OPTIONS), scheme))
        return tuple(seen)
    finally:
        page.emulate_media(color_scheme="null")
        session.detach()


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
