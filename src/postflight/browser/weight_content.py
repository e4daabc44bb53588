"""What a page is made of: its elements, images and fonts, and how much of its scripts was executed.

Read in an isolated world, whose built-ins the page cannot have changed and which its policies do not bind.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import CDPSession

from postflight.checks.weight.names import address
from postflight.checks.weight.page import MAX_RESOURCES, Face, Image, Resource, ScriptUse

MOST_SHOWN = 500  # images, and faces
WORLD = "postflight"  # name of the isolated world
ROOM_FOR_TIMINGS = f"performance.setResourceTimingBufferSize({2 * MAX_RESOURCES})"
"""To be evaluated before the page is: else a browser keeps the timings of 250 files only."""

_READ = """(async () => {
  const sized = async image => {
    if (!image.srcset && !image.closest('picture')) return [image.naturalWidth, image.naturalHeight];
    const plain = new Image();  // in a srcset, naturalWidth is divided by the candidate's density
    plain.src = image.currentSrc;
    await Promise.race([plain.decode().catch(() => {}), new Promise(done => setTimeout(done, 1000))]);
    return [plain.naturalWidth, plain.naturalHeight];
  };
  const images = [];
  for (const image of [...document.images].slice(0, MOST)) {
    const box = image.getBoundingClientRect();
    images.push({url: image.currentSrc, natural: await sized(image), box: [box.width, box.height]});
  }
  const files = {};
  for (const sheet of document.styleSheets) {
    let rules = [];
    try { rules = sheet.cssRules } catch { continue }  // of another origin
    for (const rule of rules) if (rule instanceof CSSFontFaceRule) {
      const family = rule.style.getPropertyValue('font-family').replace(/["']/g, '');
      const urls = [...rule.style.getPropertyValue('src').matchAll(/url\\(["']?([^"')]+)/g)];
      (files[family] ??= []).push(...urls.map(found => new URL(found[1], sheet.href ?? document.baseURI).href));
    }
  }
  const faces = [...document.fonts].filter(face => face.status === 'loaded' || face.status === 'loading')
    .slice(0, MOST).map(face => ({family: face.family.replace(/["']/g, ''), display: face.display}));
  const timings = performance.getEntries().filter(entry => entry.encodedBodySize > 0);
  return JSON.stringify({
    bodies: timings.map(entry => [entry.name, entry.encodedBodySize]),
    elements: document.getElementsByTagName('*').length, pixels: devicePixelRatio, images,
    faces: faces.map(face => ({...face, urls: files[face.family] ?? []})),
  });
})()""".replace("MOST", str(MOST_SHOWN))


@dataclass(frozen=True, slots=True)
class Content:
    """What the page shows. `shown`: address, natural size and box of each image.

    `bodies`: whole addresses, and the bytes of their bodies on the wire; not those of origins that hide these.
    """

    elements: int
    device_pixels: float
    shown: tuple[tuple[str, tuple[int, int], tuple[float, float]], ...]
    faces: tuple[Face, ...]
    bodies: tuple[tuple[str, int], ...] = ()

    def images(self, resources: Iterable[Resource]) -> tuple[Image, ...]:
        """Return the images of pixels, each with the bytes that it cost. Vector images fit any box."""
        found = {one.url: one for one in resources}
        return tuple(
            Image(url, natural, box, found[url].wire)
            for url, natural, box in self.shown
            if url in found and "svg" not in found[url].media_type
        )


def read_content(session: CDPSession) -> Content:
    """Return what the page in this session shows now."""
    frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": WORLD})
    answer = session.send(
        "Runtime.evaluate",
        {
            "contextId": world["executionContextId"],
            "expression": _READ,
            "awaitPromise": True,
            "returnByValue": True,
            "timeout": 10_000,
        },
    )
    read = json.loads(answer["result"]["value"])
    return Content(
        elements=int(read["elements"]),
        device_pixels=float(read["pixels"]),
        shown=tuple(
            (address(one["url"]), _pair(one["natural"], int), _pair(one["box"], float)) for one in read["images"]
        ),
        faces=tuple(
            Face(str(one["family"])[:80], str(one["display"])[:20], tuple(map(address, one["urls"][:8])))
            for one in read["faces"]
        ),
        bodies=tuple((str(url), int(size)) for url, size in read["bodies"][: 2 * MAX_RESOURCES]),
    )


def read_scripts(session: CDPSession) -> dict[str, ScriptUse]:
    """Return address -> use of each script, by V8's precise coverage since the visit began."""
    found: dict[str, ScriptUse] = {}
    for script in session.send("Profiler.takePreciseCoverage")["result"]:
        url = str(script["url"])
        if url.startswith(("http:", "https:")) and script["functions"]:
            use = _use(address(url), script["functions"])
            before = found.get(use.url, ScriptUse(use.url, 0, 0))  # the same file, evaluated in another frame
            found[use.url] = use if use.unused < before.unused or not before.characters else before
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
