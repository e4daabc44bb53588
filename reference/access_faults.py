"""Faults that shut people out: who does not see a page, does not point at things, holds a phone, or lost the network.

All of them act here, on finished answers: on the markup of a page, on its style sheet, or by a script that is added.
"""

import re
from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference import faults
from reference.faults import Fault
from reference.held import HeldAnswer
from reference.services import Services

_STYLES = "/static/site.css"
_WORKER = "/offline-worker.js"

Edit = Callable[[str], str]


def _replaced(old: str, new: str) -> Edit:
    return lambda page: page.replace(old, new)


def _with_script(script: str) -> Edit:
    """Add a module, with the nonce of the page's own: it runs in every tier."""

    def add(page: str) -> str:
        nonce = found[1] if (found := re.search(r'nonce="([^"]*)"', page)) else ""
        return page.replace("</body>", f'<script type="module" nonce="{nonce}">{script}</script></body>')

    return add


_MENU = '<nav aria-label="Main">\n      <ul'
_CTA = re.compile(r'<a class="button" href="/login" data-testid="cta">(.*?)</a>')
_CREATE = 'type="submit" data-testid="create-project"'
_CLICKED = "document.querySelector('[data-testid=cta]').onclick = () => location.assign('/login');"
_HOLD = "document.getElementById('email').onkeydown = (event) => event.key === 'Tab' && event.preventDefault();"


def _button_of_div(page: str) -> str:
    return _with_script(_CLICKED)(_CTA.sub(r'<div class="button" data-testid="cta">\1</div>', page))


_MARKUP: Mapping[Fault, tuple[str, Edit]] = {  # which page (empty: all), and what becomes of it
    faults.IMAGE_WITHOUT_ALT: ("/", lambda page: re.sub(r'(<img [^>]*?) alt="[^"]*"', r"\1", page)),
    faults.FIELD_WITHOUT_LABEL: ("/login", _replaced('<label for="email">', "<label>")),
    faults.LANGUAGE_MISSING: ("", lambda page: re.sub(r'<html lang="[^"]*">', "<html>", page)),
    faults.ROLE_MISTAKEN: ("/", _replaced(_MENU, f'{_MENU} role="tablist"')),
    faults.BUTTON_OFF_KEYBOARD: ("/projects", _replaced(_CREATE, f'{_CREATE} tabindex="-1"')),
    faults.BUTTON_OF_DIV: ("/", _button_of_div),
    faults.KEYBOARD_TRAP: ("/login", _with_script(_HOLD)),
    faults.ORDER_CONFUSED: ("/login", _replaced('<input id="password"', '<input id="password" tabindex="1"')),
    faults.SKIP_LINK_BROKEN: ("", _replaced('<main id="main"', '<main id="content"')),
    faults.ZOOM_FORBIDDEN: ("", _replaced("initial-scale=1", "initial-scale=1, maximum-scale=1")),
    faults.OFFLINE_PAGE_MISSING: ("", _with_script(f"navigator.serviceWorker.register('{_WORKER}');")),
}

_RULES: Mapping[Fault, str] = {  # what is added to the style sheet
    faults.CONTRAST_LOW: ".lead { color: #9a99a8; }",
    faults.CONTRAST_LOW_IN_DARK: "@media (prefers-color-scheme: dark) { .colophon { color: #4a4860; } }",
    faults.FOCUS_INVISIBLE: ".button:focus-visible { outline: none; }",
    faults.WIDE_ON_PHONES: ".features ul { grid-template-columns: repeat(2, 15rem); }",
    faults.TEXT_TINY: ".colophon p { font-size: 9px; }",
    faults.MOTION_FORCED: ".hero img { animation: sway 3s infinite; } @keyframes sway { 50% { translate: 1rem; } }",
}


class AccessFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._faults = services.settings.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._faults & faults.SHUTTING_OUT:
            await self._app(scope, receive, send)
        elif scope["path"] == _WORKER and faults.OFFLINE_PAGE_MISSING in self._faults:
            worker = "addEventListener('fetch', e => e.respondWith(fetch(e.request))); // and keeps nothing for later"
            await Response(worker, media_type="text/javascript")(scope, receive, send)
        else:
            await self._app(scope, receive, _Answer(scope["path"], self._faults, send).send)


class _Answer(HeldAnswer):
    """One answer on its way out; pages and the style sheet are changed."""

    def __init__(self, path: str, planted: frozenset[Fault], send: Send) -> None:
        super().__init__(send)
        self._path = path
        self._planted = planted

    def holds(self, status: int, headers: MutableHeaders) -> bool:
        page = headers.get("content-type", "").startswith("text/html")
        return page or (self._path == _STYLES and status == 200)

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:  # noqa: ARG002 - only the body is spoilt
        return self._spoilt(body.decode()).encode()

    def _spoilt(self, text: str) -> str:
        if self._path == _STYLES:
            if faults.DARK_FORGOTTEN in self._planted:
                text = text.replace("(prefers-color-scheme: dark)", "(prefers-color-scheme: dark) and (max-width: 1px)")
            return "\n".join((text, *(_RULES[fault] for fault in _RULES if fault in self._planted)))
        for fault, (path, edit) in _MARKUP.items():
            if fault in self._planted and path in {"", self._path}:
                text = edit(text)
        return text
