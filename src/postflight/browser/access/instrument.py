"""Puts an instrument beside a page: an object of JavaScript that only we hold. Works in every browser of Playwright."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import JSHandle, Page

from postflight.browser.responsive import until_responsive

Kind = Literal["Keyboard", "Layout", "Preferences"]


class Instrument:
    """One instrument (`keyboard.js`, `layout.js`, `preferences.js`) in the document that the page shows now."""

    def __init__(self, page: Page, kind: Kind) -> None:
        until_responsive(page)
        self._handle = page.evaluate_handle(
            f"() => {{\n{_source('elements')}\n{_source(kind.lower())}\nreturn new {kind}();\n}}"
        )

    def ask(self, method: str, *arguments: object) -> Any:
        """Call a method with JSON, and return its JSON."""
        return self._handle.evaluate("(it, [method, given]) => it[method](...given)", [method, list(arguments)])

    def hold(self, method: str, *arguments: object) -> JSHandle:
        """Call a method that returns an element, and return a handle to it."""
        return self._handle.evaluate_handle("(it, [method, given]) => it[method](...given)", [method, list(arguments)])


@cache
def _source(name: str) -> str:
    return Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")
