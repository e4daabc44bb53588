"""Faults that only a browser sees: headers that depend on who asks, markup and scripts that undo what headers say.

All of them act here, on finished answers; the platform itself knows nothing of them.
"""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from reference import faults
from reference.faults import Fault
from reference.held import HeldAnswer
from reference.services import Services

POLICY = "content-security-policy"
FRAMING = "x-frame-options"
_REPORTS = "/api/csp-report"
_SEEN = "velocity_seen"

_REVIVE = """addEventListener('DOMContentLoaded', () => {
  for (const old of document.querySelectorAll('script:not([nonce])')) {
    const script = document.createElement('script');
    script.nonce = document.querySelector('script[nonce]').nonce;
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
});"""
_WAVE_THROUGH = """trustedTypes.createPolicy('default', {
  createHTML: text => text, createScript: text => text, createScriptURL: text => text,
});"""
_TIGHTEN = """addEventListener('DOMContentLoaded', () => {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = "script-src 'self' 'unsafe-inline'";
  document.head.append(meta);
});"""


class PageFaultsMiddleware:
    """Plants the faults of this module; without any of them it passes everything on."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._faults = services.settings.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._faults & faults.IN_PAGES:
            await self._app(scope, receive, send)
            return
        if scope["path"] == _REPORTS and await self._answers_report(receive, send):
            return
        answer = _Answer(Headers(scope=scope), scope["path"], self._faults, send)
        await self._app(scope, receive, answer.send)

    async def _answers_report(self, receive: Receive, send: Send) -> bool:
        if faults.REPORTS_REFUSED in self._faults:
            status = 405
        elif faults.REPORTS_FORGOTTEN in self._faults:
            status = 204
        else:
            return False
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return True


class _Answer(HeldAnswer):
    """One answer on its way out; HTML is changed."""

    def __init__(self, asked: Headers, path: str, planted: frozenset[Fault], send: Send) -> None:
        super().__init__(send)
        self._asked = asked
        self._path = path
        self._faults = planted

    def holds(self, status: int, headers: MutableHeaders) -> bool:  # noqa: ARG002 - of whatever status
        self._spoil_headers(headers)
        return headers.get("content-type", "").startswith("text/html")

    def change(self, body: bytes, headers: MutableHeaders) -> bytes:
        return self._spoil_page(body.decode(), headers).encode()

    def _spoil_headers(self, headers: MutableHeaders) -> None:
        asked, planted = self._asked, self._faults
        if faults.POLICY_NOT_FOR_BROWSERS in planted and asked.get("sec-fetch-mode") == "navigate":
            del headers[POLICY]
        if faults.POLICY_ON_FIRST_VISIT in planted:
            if _SEEN in asked.get("cookie", ""):
                del headers[POLICY]
            headers.append("set-cookie", f"{_SEEN}=1; Path=/; HttpOnly; SameSite=Lax")
        if faults.UNGUARDED_FRAMES in planted and asked.get("sec-fetch-dest") == "iframe":
            del headers[FRAMING]
            del headers[POLICY]
        if faults.CORS_FOR_BROWSERS in planted and "sec-fetch-site" in asked and "origin" in asked:
            headers["access-control-allow-origin"] = asked["origin"]
            headers["access-control-allow-credentials"] = "true"
        if faults.SESSION_COPIED in planted and (session := headers.get("set-cookie", "")):
            value = session.partition(";")[0].partition("=")[2]
            headers.append("set-cookie", f"velocity_user={value}; Path=/; SameSite=Lax")
        if faults.REPORTS_TO_NOBODY in planted:
            del headers["reporting-endpoints"]
        if POLICY in headers:
            headers[POLICY] = self._spoil_policy(headers[POLICY])

    def _spoil_policy(self, policy: str) -> str:
        planted = self._faults
        if faults.EVERYBODY_FRAMES in planted:
            policy = re.sub(r"(; )?frame-ancestors [^;]*", "", policy) + "; frame-ancestors *"
        if faults.REPORTS_ELSEWHERE in planted:
            policy = policy.replace(_REPORTS, "/api/csp-reports")
        if faults.BLOB_WORKERS in planted:
            policy += "; worker-src 'self' blob:"
        if faults.TRUSTED_TYPES_WAVED in planted:
            policy = policy.replace("trusted-types 'none'", "trusted-types default")
        return policy

    def _spoil_page(self, page: str, headers: MutableHeaders) -> str:
        planted, landing = self._faults, self._path == "/"
        if faults.POLICY_IN_BODY in planted and self._path == "/login":
            meta = f'<meta http-equiv="Content-Security-Policy" content="{headers[POLICY]}">'
            del headers[POLICY]
            page = re.sub(r"(<body[^>]*>)", rf"\1{meta}", page)
        if faults.META_BLOCKS_OWN_SCRIPTS in planted and landing:
            page = page.replace(
                "<head>", '<head><meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
            )
        if faults.NONCE_STALE in planted and landing:
            page = re.sub(r'nonce="[^"]*"', f'nonce="{secrets.token_urlsafe(16)}"', page)
        if faults.MIXED_IMAGE in planted:
            page = page.replace("</main>", '<img alt="" src="http://images.velocity.invalid/team.png"></main>')
        scripts = {
            faults.SCRIPTS_REVIVED: _REVIVE,
            faults.TRUSTED_TYPES_WAVED: _WAVE_THROUGH,
            faults.POLICY_TIGHTENED: _TIGHTEN,
        }
        for fault in planted & scripts.keys():
            page = page.replace("<head>", f'<head><script nonce="{_nonce_of(page)}">{scripts[fault]}</script>')
        return page


def _nonce_of(page: str) -> str:
    found = re.search(r'nonce="([^"]*)"', page)
    return found[1] if found else ""
