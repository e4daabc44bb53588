"""Takes the picture of a page, in such a way that the same page gives the same picture.

Window, density, colour scheme, language and time zone are given; animations are at their end, the caret is hidden,
fonts and images are there. What changes by itself is masked. And a picture counts only when the next one is the same.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Request

from postflight.browser.responsive import until_responsive
from postflight.browser.screenshot import picture
from postflight.checks.visual.change import Change, Shot, find_change
from postflight.checks.visual.elements import Element
from postflight.checks.visual.pixels import Pixels
from postflight.checks.visual.regions import Box
from postflight.errors import ConfigError, NotEnoughEvidence, UnexpectedAnswer

MASKED = ("time", "[data-testid=release]", "[data-visual-mask]")
"""What changes by itself on every page: it is made invisible, and its text takes no room."""

MAX_HEIGHT = 6000  # CSS pixels of a page that are looked at; a page without end has no full picture
REST_DEADLINE = 6.0  # seconds for a page to come to rest
DRAWN = {"font", "image", "stylesheet"}  # without which a page is not the one that people see
UNENDING = {"eventsource", "websocket", "media", "ping"}
QUIET = 0.1  # seconds without a request in flight
SPECIMEN_SIZE = 480, 360
SPECIMEN = """<!doctype html><meta charset="utf-8"><style>
body { margin: 8px; font-size: 17px; background: #fff }
i { display: inline-block; width: 90px; height: 40px; border-radius: 13px; box-shadow: 2px 3px 7px #0008;
    background: #36c }
</style>
<p style="font-family: system-ui">Hamburgefonstiv 0123 ÄÖÅ fi</p>
<p style="font-family: sans-serif">Hamburgefonstiv 0123</p>
<p style="font-family: serif">Hamburgefonstiv 0123 <b>bold</b> <em>slanted</em></p>
<p style="font-family: monospace">Hamburgefonstiv() {}; 预览 かな 한글 عربى 🚀</p>
<p><button>Button</button> <input value="field" size="8"> <select><option>choice</select> <i></i></p>"""
"""A page of our own with what machines draw differently: fonts, controls, curves, shadows.

Nothing on it is drawn in two ways by one machine: of what is turned, or fades from colour to colour, a few pixels
depend on how the work was split.
"""

_PREPARE = """async ([style, selectors]) => {
  for (const selector of selectors) {
    try { document.querySelector(selector); } catch { return selector; }
  }
  const roots = [document];  // a sheet of the document's does not reach into shadow roots
  for (const root of roots)
    for (const node of root.querySelectorAll('*')) if (node.shadowRoot) roots.push(node.shadowRoot);
  const sheet = new CSSStyleSheet();  // no policy of a page forbids it, as it would a <style>
  sheet.replaceSync(style);
  for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const images = roots.flatMap(root => [...root.querySelectorAll('img')]);
  for (const image of images) image.loading = 'eager';
  const late = new Promise(done => setTimeout(done, 3000));
  const drawn = images.filter(image => image.currentSrc).map(image => image.decode().catch(() => null));
  await Promise.race([Promise.all([document.fonts.ready, ...drawn]), late]);
  return null;
}"""
_ELEMENTS = """([masks, most]) => {
  const names = new Map();
  const own = node => node.localName + (node.getAttribute('id') ? '#' + node.getAttribute('id')
    : node.dataset?.testid ? `[data-testid=${node.dataset.testid}]`
    : [...node.classList].slice(0, 2).map(name => '.' + name).join(''));
  const name = node => {
    if (names.has(node)) return names.get(node);
    let text = own(node);
    const parent = node.parentElement;
    if (parent && node !== document.body && !node.getAttribute('id') && !node.dataset?.testid) {
      let before = 0;  // parent.children may be a field of a form that is called so
      for (let other = node.previousElementSibling; other; other = other.previousElementSibling)
        if (own(other) === text) before += 1;
      if (before > 0) text += `:nth(${before + 1})`;  // the first keeps its name when another one comes after it
      if (parent !== document.body) text = name(parent).slice(-100) + ' > ' + text;
    }
    names.set(node, text);
    return text;
  };
  const found = [];
  for (const node of (document.body ?? document.documentElement).querySelectorAll('*')) {
    if (found.length >= most) break;
    const box = node.getBoundingClientRect();
    if (box.width * box.height < 16 || node.closest(masks) || node.closest('svg') !== null && node.localName !== 'svg')
      continue;
    const style = getComputedStyle(node);
    if (style.visibility !== 'visible' || style.opacity === '0') continue;
    found.push([name(node), Math.round(box.x + scrollX), Math.round(box.y + scrollY), Math.round(box.width),
      Math.round(box.height), style.color, style.backgroundColor, style.fontSize, style.fontWeight, style.fontFamily]);
  }
  return found;
}"""
_LOOK = ("color", "background-color", "font-size", "font-weight", "font-family")
MAX_ELEMENTS = 500
MAX_NAME = 140  # characters of an element's name


@dataclass(frozen=True, slots=True)
class View:
    """Through which window a page is looked at."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    is_mobile: bool = False

    def __str__(self) -> str:
        """Its name."""
        return self.name

    def context_options(self, browser_name: str = "chromium") -> dict[str, Any]:
        """Return the options of a browser context: whatever may change a picture is given. Firefox knows no phone."""
        phone = {} if browser_name == "firefox" else {"is_mobile": self.is_mobile}
        return phone | {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": 1,
            "color_scheme": self.scheme,
            "has_touch": self.is_mobile,
            "reduced_motion": "reduce",
            "forced_colors": "none",
            "locale": "en-US",
            "timezone_id": "UTC",
        }


VIEWS = (
    View("desktop", 1280, 800),
    View("desktop_dark", 1280, 800, "dark"),
    View("phone", 390, 844, is_mobile=True),
)


def take(page: Page, url: str, *, masks: Sequence[str] = (), without: Sequence[str] = (), later: float = 0.0) -> Shot:
    """Open a page and return how it looks, or how it looks so many seconds `later`.

    `masks` are selectors of what changes by itself: invisible, and their text takes no room, for a longer one would
    move what is beside it. `without` are taken out of the page: what comes and goes. Raises `UnexpectedAnswer` when the
    page is an error's, `NotEnoughEvidence` when it does not come to rest, `ConfigError` for what is no selector.
    """
    pending: set[Request] = set()
    page.on("request", lambda request: pending.add(request))  # noqa: PLW0108 - Playwright takes no built-in method
    page.on("requestfinished", lambda request: pending.discard(request))  # noqa: PLW0108
    page.on("requestfailed", lambda request: pending.discard(request))  # noqa: PLW0108
    answer = page.goto(url)
    if answer is not None and answer.status >= 400:
        seen = f"status {answer.status}"
        raise UnexpectedAnswer(f"{url} answered {answer.status}", expected="a page", seen=seen, where=url)
    hidden = (*MASKED, *masks)
    until_responsive(page)
    if wrong := page.evaluate(_PREPARE, [_style(hidden, without), [*hidden, *without]]):
        raise ConfigError(f"{wrong!r} is no selector; mend `masks` or `without` of this route in performance/routes.py")
    page.wait_for_timeout(later * 1000)
    until = time.monotonic() + REST_DEADLINE
    _wait_until_quiet(page, pending, until)
    if missing := [request for request in pending if request.resource_type in DRAWN]:
        raise _unfinished(url, missing)
    pixels = _picture(page)
    while True:
        again = _picture(page)
        shot = Shot(again, _elements(page, hidden))
        if pixels.shape == again.shape and bool((pixels == again).all()):
            return shot
        if time.monotonic() > until:
            raise _restless(url, find_change(Shot(pixels), shot))
        pixels = again


def renderer_of(browser: Browser) -> str:
    """Return a name for what draws here: the engine, its major version, and a hash of how it draws a page of ours.

    The picture knows more than any list of names: the same browser with other fonts draws differently.
    """
    context = browser.new_context(**View("specimen", *SPECIMEN_SIZE).context_options(browser.browser_type.name))
    try:
        page = context.new_page()
        page.set_content(SPECIMEN)
        page.evaluate("document.fonts.ready.then(() => null)")
        drawn = hashlib.sha256(_decoded(picture(page, caret="hide")).tobytes()).hexdigest()
    finally:
        context.close()
    return f"{browser.browser_type.name}-{browser.version.partition('.')[0]}-{drawn[:8]}"


def _style(masks: Sequence[str], without: Sequence[str]) -> str:
    hidden = "".join(
        f"{mask}, :is({mask}) * {{ opacity: 0 !important; font-size: 0 !important; letter-spacing: 0 !important }}"
        for mask in masks
    )
    gone = "".join(f"{selector} {{ display: none !important }}" for selector in without)
    return f"{hidden}{gone}* {{ scroll-behavior: auto !important }}"


def _wait_until_quiet(page: Page, pending: set[Request], until: float) -> None:
    """Wait until nothing is on its way any more; a stream never ends, and is not waited for."""
    quiet_since = time.monotonic()
    while time.monotonic() < until:
        if any(request.resource_type not in UNENDING for request in pending):
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= QUIET:
            return
        page.wait_for_timeout(20)


def _picture(page: Page) -> Pixels:
    until_responsive(page)
    width, height = page.evaluate(
        "[innerWidth, Math.max(innerHeight, (document.scrollingElement ?? document.documentElement).scrollHeight)]"
    )
    clip: Any = {"x": 0, "y": 0, "width": width, "height": min(height, MAX_HEIGHT)}
    return _decoded(picture(page, full_page=True, clip=clip, animations="disabled", caret="hide", scale="css"))


def _decoded(png: bytes) -> Pixels:
    with Image.open(BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def _elements(page: Page, masks: Sequence[str]) -> tuple[Element, ...]:
    rows = page.evaluate(_ELEMENTS, [", ".join(masks), MAX_ELEMENTS])
    return tuple(
        Element(str(name)[-MAX_NAME:], Box(*box), tuple(zip(_LOOK, map(str, look), strict=True)))
        for name, *rest in rows
        for box, look in [(map(int, rest[:4]), rest[4:])]
    )


def _unfinished(url: str, missing: Sequence[Request]) -> NotEnoughEvidence:
    late = "; ".join(sorted(f"{request.resource_type} {request.url[:200]}" for request in missing)[:3])
    return NotEnoughEvidence(
        f"{url} is not there as a whole within {REST_DEADLINE:g} s, so it has no picture: {late} is still on its way",
        expected="fonts, images and style sheets within the time",
        seen=f"{len(missing)} without an end: {late}",
        where=url,
    )


def _restless(url: str, change: Change) -> NotEnoughEvidence:
    seen = change.words or change.resized
    return NotEnoughEvidence(
        f"{url} does not come to rest within {REST_DEADLINE:g} s, so it has no picture: {seen}",
        expected="two pictures in a row that are the same",
        seen=f"{seen}. Mark what changes by itself with `data-visual-mask`, or name it in performance/routes.py",
        where=url,
    )
