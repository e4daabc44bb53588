"""Faults that people see: what has moved, is gone or lies over the rest; and a page that is too heavy to use.

All of them act here, on finished answers of the landing page and its style sheet.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from reference import faults
from reference.faults import Fault
from reference.held import HeldAnswer
from reference.services import Services

_STYLES = {
    faults.HERO_MOVED: "\n.hero img { translate: -24px 16px; }\n",
    faults.BUTTON_RECOLOURED: "\n.button[data-testid=cta] { background: #8a2a20; }\n",
    faults.TEXT_SMALLER: "\n.hero .lead { font-size: 1.1rem; }\n",
    faults.BANNER_OVERLAPS: "\n.offer { position: absolute; top: 0; left: 0; width: 100%; padding: 1.2rem;"
    " background: #ffd84d; color: #17162b; }\n",
}
_BANNER = '<div class="offer" role="note">Twice the previews for half the price, until Sunday.</div>'
_HEAVY = "/static/heavy.js"
_HEAVY_SCRIPT = (
    """const busy = ms => { const until = performance.now() + ms; while (performance.now() < until); };
busy(500);
for (const wait of [50, 400, 800]) setTimeout(() => busy(500), wait);
setTimeout(() => {
  const box = document.createElement('div');
  box.textContent = 'Offer of the day';
  box.style.height = '420px';
  document.body.prepend(box);
}, 1200);
//"""
    + "x" * 400_000
)


class VisualFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._planted = services.settings.faults & faults.SEEN

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if not self._planted or path not in {"/", "/static/site.css", _HEAVY}:
            await self._app(scope, receive, send)
        elif path == _HEAVY:
            headers = [(b"content-type", b"text/javascript"), (b"x-content-type-options", b"nosniff")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": _HEAVY_SCRIPT.encode()})
        else:
            asked = MutableHeaders(scope=scope)
            del asked["if-none-match"], asked["if-modified-since"]
            await self._app(scope, receive, _Answer(self._planted, send).send)


class _Answer(HeldAnswer):
    """One answer on its way out: the page, or its style sheet."""

    def __init__(self, planted: frozenset[Fault], send: Send) -> None:
        super().__init__(send)
        self._planted = planted

    def holds(self, status: int, headers: MutableHeaders) -> bool:  # noqa: ARG002 - only these two are asked for
        return True

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:
        page = headers.get("content-type", "").startswith("text/html")
        text = body.decode()
        return (self._spoil_page(text) if page else self._spoil_style(text)).encode()

    def _spoil_style(self, style: str) -> str:
        return style + "".join(rule for fault, rule in _STYLES.items() if fault in self._planted)

    def _spoil_page(self, page: str) -> str:
        if faults.SECTION_MISSING in self._planted:
            before, start, rest = page.partition('<section id="features"')
            page = before + rest.partition("</section>")[2] if start else page
        if faults.BANNER_OVERLAPS in self._planted:
            page = page.replace("</main>", f"{_BANNER}</main>")
        if faults.HEAVY_LANDING in self._planted:
            nonce = page.partition('nonce="')[2].partition('"')[0]
            page = page.replace("<head>", f'<head><script src="{_HEAVY}" nonce="{nonce}"></script>')
        return page
