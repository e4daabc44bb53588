"""Looks at a page on a small screen."""

from collections.abc import Sequence

from playwright.sync_api import Page

from postflight.browser.access.arrival import arrive, rest
from postflight.browser.access.instrument import Instrument
from postflight.checks.access.layout import LEAST_TARGET, LEAST_TEXT, Fit, Sized, misfit

PHONES = (412, 360, 320)
"""Widths in CSS pixels: a large phone, a usual one, and what WCAG 1.4.10 asks for (1280 at 400 %)."""

HEIGHT = 740
DESK = {"width": 1280, "height": 720}


def phone(browser_name: str, width: int = PHONES[0]) -> dict[str, object]:
    """Return the options of a browser context that is a phone. Firefox knows a narrow window only."""
    options: dict[str, object] = {"viewport": {"width": width, "height": HEIGHT}, "has_touch": True}
    return options if browser_name == "firefox" else options | {"is_mobile": True}


def fits(page: Page, widths: Sequence[int] = PHONES) -> tuple[Fit, ...]:
    """Lay the page out in windows of these widths.

    One that it does not fit is opened there anew, as on a phone it would be: scripts measure it when they begin.
    """
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        rest(page, looks=1)
        fit = _fit(page, width)
        if misfit(fit) and page.url.startswith("http"):
            arrive(page, page.url)
            fit = _fit(page, width)
        found.append(fit)
    return tuple(found)


def _fit(page: Page, width: int) -> Fit:
    layout = Instrument(page, "Layout")
    wide = layout.ask("width")
    out = tuple(Sized(told["name"], told["by"]) for told in layout.ask("sticking")) if wide["beyond"] > 0 else ()
    return Fit(width, wide["wide"], wide["beyond"], out)


def small_texts(layout: Instrument) -> tuple[Sized, ...]:
    """Return the elements whose text is small, smallest first."""
    return tuple(Sized(told["name"], told["size"]) for told in layout.ask("small", LEAST_TEXT))


def small_targets(layout: Instrument) -> tuple[str, ...]:
    """Return what is hard to hit with a finger."""
    return tuple(f"{told['name']} ({told['wide']} x {told['high']} px)" for told in layout.ask("targets", LEAST_TARGET))


def cut_when_enlarged(page: Page, times: float = 2.0) -> tuple[str, ...]:
    """Enlarge all text on a desk's screen and return what hides some of its own since. The page stays as it is then."""
    page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})
    layout = Instrument(page, "Layout")
    layout.ask("enlarge", times)
    return tuple(layout.ask("cut"))
