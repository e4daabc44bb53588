"""What a page is made of: its elements, images and fonts, and how much of its scripts was executed.

Read in an isolated world, whose built-ins the page cannot have changed and which its policies do not bind.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession

from postflight.browser.weight_traffic import Timing, identity
from postflight.checks.weight.names import address
from postflight.checks.weight.page import MAX_RESOURCES, Face, Image, Resource, ScriptUse
from postflight.errors import CannotMeasure

MOST_SHOWN = 500  # images, and faces
WORLD = "postflight"  # name of the isolated world
ROOM_FOR_TIMINGS = f"performance.setResourceTimingBufferSize({2 * MAX_RESOURCES})"
"""To be evaluated before the page is: else a browser keeps the timings of 250 files only."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the page shows. `shown`: whole address, natural size and box of each image.

    `below`: whole addresses of scripts and style sheets that stand below something that is shown.
    """

    elements: int
    device_pixels: float
    shown: tuple[tuple[str, tuple[int, int], tuple[float, float]], ...]
    faces: tuple[Face, ...]
    timings: tuple[Timing, ...]
    below: tuple[str, ...]

    def images(self, resources: Iterable[Resource]) -> tuple[Image, ...]:
        """Return the files of pixels, each with the bytes that it cost, and the largest box that shows it.

        Vector images fit any box.
        """
        found = {one.identity: one for one in resources if "svg" not in one.media_type}
        images: dict[str, Image] = {}
        for url, natural, box in self.shown:
            file = identity(url)
            if file in found and (file not in images or _area(box) > _area(images[file].box)):
                images[file] = Image(found[file].url, natural, box, found[file].wire)
        return tuple(images.values())


def read_content(session: CDPSession) -> Content:
    """Return what the page in this session shows now."""
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": WORLD})
    answer = session.send(
        "Runtime.evaluate",
        {
            "contextId": world["executionContextId"],
            "expression": _expression(),
            "awaitPromise": True,
            "returnByValue": True,
            "timeout": 10_000,
        },
    )
    if "exceptionDetails" in answer:
        raise CannotMeasure(f"what the page is made of could not be read: {str(answer['exceptionDetails'])[:300]}")
    read = json.loads(answer["result"]["value"])
    return Content(
        elements=int(read["elements"]),
        device_pixels=float(read["pixels"]),
        shown=tuple((str(one["url"]), _pair(one["natural"], int), _pair(one["box"], float)) for one in read["images"]),
        faces=tuple(
            Face(str(one["family"])[:80], str(one["display"])[:20], tuple(map(address, (one["urls"] or ())[:8])))
            for one in read["faces"]
            if one["urls"] is None or any(map(_is_fetched, one["urls"]))
        ),
        timings=tuple(
            Timing(str(url), int(size), float(seconds)) for url, size, seconds in read["timings"][: 2 * MAX_RESOURCES]
        ),
        below=tuple(map(str, read["below"])),
    )


@cache
def _expression() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8").replace("MOST", str(MOST_SHOWN))


def _is_fetched(url: str) -> bool:
    """Whether a font comes over the network: one within its sheet, or of the machine, hides nothing."""
    return url.startswith(("http:", "https:"))


def _area(box: tuple[float, float]) -> float:
    return box[0] * box[1]


def read_scripts(session: CDPSession) -> dict[str, ScriptUse]:
    """Return identity -> use of each script, by V8's precise coverage since the visit began."""
    found: dict[str, ScriptUse] = {}
    for script in session.send("Profiler.takePreciseCoverage")["result"]:
        url = str(script["url"])
        if url.startswith(("http:", "https:")) and script["functions"]:
            use, file = _use(address(url), script["functions"]), identity(url)
            before = found.get(file, ScriptUse(use.url, 0, 0))  # the same file, evaluated in another frame
            found[file] = use if use.unused < before.unused or not before.characters else before
    return found


def _use(url: str, functions: Iterable[dict[str, Any]]) -> ScriptUse:
    """Return the characters of a script and of its parts with count 0.

    Ranges are nested: the innermost that holds a character says how often it ran (V8 blog, "JavaScript code coverage").
    """
    ranges = [(int(r["startOffset"]), int(r["endOffset"]), int(r["count"])) for f in functions for r in f["ranges"]]
    ranges.sort(key=lambda one: (one[0], -one[1]))
    end = max((one[1] for one in ranges), default=0)
    unused, place = 0, 0
    open_ranges: list[tuple[int, int]] = []  # (end, count), the innermost last

    def advance(to: int) -> None:
        nonlocal unused, place
        while open_ranges and open_ranges[-1][0] <= to:
            until, count = open_ranges.pop()
            unused += 0 if count else max(0, until - place)
            place = max(place, until)
        if open_ranges and not open_ranges[-1][1]:
            unused += max(0, to - place)
        place = max(place, to)

    for start, until, count in ranges:
        advance(start)
        open_ranges.append((until, count))
    advance(end)
    return ScriptUse(url, end, unused)


def _pair(values: Any, kind: Any) -> Any:
    first, second = values
    return kind(first), kind(second)
