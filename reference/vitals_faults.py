"""Faults that people feel: what comes late, moves, or keeps the main thread busy. All of them act on the landing page.

They add a script, a style sheet or a delay, as a careless release would; the platform itself knows nothing of them.
What a script does for so many milliseconds it does by the clock, so that it is as slow on every machine.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference import faults
from reference.faults import Fault
from reference.held import HeldAnswer
from reference.services import Services

PLANTED = "/static/planted/"
LATE_BYTE = 3.0  # seconds

_BUSY = "const busy = (time) => { const end = performance.now() + time; while (performance.now() < end); };\n"

_BANNER = """fetch('/static/planted/banner.json').then((answer) => answer.json()).then(({text}) => {
  const banner = document.createElement('aside');
  banner.className = 'banner';
  banner.style.cssText = 'display:block;height:260px;background:gold';
  banner.textContent = text;
  document.querySelector('main').prepend(banner);
});"""
_LATE_STYLES = """setTimeout(() => {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = '/static/planted/late.css';
  document.head.append(link);
}, 100);"""
_LATE_HERO = """const hero = document.querySelector('[data-testid=hero]');
fetch('/static/planted/hero.json').then((answer) => answer.json()).then(() => { hero.src = hero.dataset.src; });"""
_SLOW_CLICK = _BUSY + "document.addEventListener('click', function onBuy() { busy(900); });"
_SLOW_FRAME = _BUSY + "document.addEventListener('click', () => requestAnimationFrame(() => busy(900)));"
_SLOW_KEY = _BUSY + "document.addEventListener('keydown', function validate() { busy(700); });"
_ENDLESS_KEY = "document.addEventListener('keydown', function search() { while (true); });"
_BUSY_AFTER_LOAD = _BUSY + "addEventListener('load', function hydrate() { setTimeout(() => busy(2500), 50); });"
# far below all that is shown: nothing moves
_BELOW = "const below = document.createElement('div');\nbelow.style.cssText = 'position:absolute;top:4000px';\n"
_THRASH = f"""{_BELOW}addEventListener('load', () => setTimeout(function measureRows() {{
  for (let i = 0; i < 400; i += 1) below.append(Object.assign(document.createElement('p'), {{textContent: i}}));
  document.body.append(below);
  const end = performance.now() + 2500;
  for (let width = 300; performance.now() < end; width = width === 300 ? 301 : 300) {{
    below.style.maxWidth = `${{width}}px`;
    below.offsetHeight;
  }}
}}, 50));"""
_EXPLOSION = f"""{_BELOW}addEventListener('load', () => setTimeout(function fillList() {{
  for (let i = 0; i < 200000; i += 1) below.append(document.createElement(i % 2 ? 'i' : 'b'), 'x ');
  document.body.append(below);
}}, 50));"""
_UNLOAD = "addEventListener('unload', () => { document.title = ''; });"
_HIDE = """document.documentElement.style.display = 'none';
setTimeout(() => { document.documentElement.style.display = ''; }, 4000);"""
_NOTHING = "/* planted */"


@dataclass(frozen=True)
class Asset:
    """A file that a fault adds: its answer, and after how many seconds it comes."""

    type: str
    body: str
    delay: float = 0.0


@dataclass(frozen=True)
class Plant:
    """What a fault adds to the landing page, at the end of its head, and the files that it then loads.

    `NONCE` stands for the answer's own nonce.
    """

    markup: str
    assets: dict[str, Asset]


def _script(name: str, body: str, **more: Asset) -> Plant:
    markup = f'<script defer nonce="NONCE" src="{PLANTED}{name}"></script>'
    return Plant(markup, {name: Asset("text/javascript", body)} | {k.replace("_", "."): v for k, v in more.items()})


PLANTS: dict[Fault, Plant] = {
    faults.LATE_BANNER: _script(
        "banner.js", _BANNER, banner_json=Asset("application/json", '{"text": "New: live previews"}', 0.6)
    ),
    faults.LATE_STYLES: _script(
        "restyle.js",
        _LATE_STYLES,
        late_css=Asset("text/css", "main { padding-top: 300px !important; font: 30px/2 serif !important }", 0.6),
    ),
    faults.HERO_LATE: _script("gallery.js", _LATE_HERO, hero_json=Asset("application/json", "{}", 4.0)),
    faults.SLOW_CLICK: _script("shop.js", _SLOW_CLICK),
    faults.SLOW_FRAME: _script("animate.js", _SLOW_FRAME),
    faults.SLOW_KEY: _script("validate.js", _SLOW_KEY),
    faults.ENDLESS_KEY: _script("search.js", _ENDLESS_KEY),
    faults.BUSY_AFTER_LOAD: _script("hydrate.js", _BUSY_AFTER_LOAD),
    faults.LAYOUT_THRASH: _script("rows.js", _THRASH),
    faults.DOM_EXPLOSION: _script("list.js", _EXPLOSION),
    faults.UNLOAD_LISTENER: _script("farewell.js", _UNLOAD),
    faults.HIDDEN_UNTIL_READY: Plant(f'<script nonce="NONCE">{_HIDE}</script>', {}),
    faults.BLOCKING_STYLES: Plant(
        f'<link rel="stylesheet" href="{PLANTED}theme.css">', {"theme.css": Asset("text/css", _NOTHING, 4.0)}
    ),
    faults.BLOCKING_SCRIPT: Plant(
        f'<script nonce="NONCE" src="{PLANTED}tags.js"></script>',
        {"tags.js": Asset("text/javascript", _NOTHING, 4.0)},
    ),
}


class VitalsFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._faults = services.settings.faults
        self._plants = [plant for fault, plant in PLANTS.items() if fault in self._faults]
        self._assets = {f"{PLANTED}{name}": each for plant in self._plants for name, each in plant.assets.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._faults & faults.FELT:
            await self._app(scope, receive, send)
            return
        if asset := self._assets.get(scope["path"]):
            await asyncio.sleep(asset.delay)
            await Response(asset.body, media_type=asset.type)(scope, receive, send)
            return
        if scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        if faults.LATE_FIRST_BYTE in self._faults:
            await asyncio.sleep(LATE_BYTE)
        await self._app(scope, receive, _Answer(send, partial(self._change, scope["state"]["nonce"])).send)

    def _change(self, nonce: str, page: str) -> str:
        added = "".join(plant.markup for plant in self._plants).replace("NONCE", nonce)
        if faults.HERO_LATE in self._faults:
            page = page.replace('<img src="/static/hero', '<img data-src="/static/hero')
        return page.replace("</head>", f"{added}</head>")


class _Answer(HeldAnswer):
    """The landing page on its way out."""

    def __init__(self, send: Send, change: Callable[[str], str]) -> None:
        super().__init__(send)
        self._change = change

    def holds(self, status: int, headers: MutableHeaders) -> bool:  # noqa: ARG002 - only this page is asked for
        return True

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:  # noqa: ARG002 - only the page is changed
        return self._change(body.decode()).encode()
