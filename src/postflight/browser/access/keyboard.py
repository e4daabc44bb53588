"""Walks through a page by Tab, as people do who cannot point at things."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import ElementHandle, Locator, Page

from postflight.browser.access.instrument import Instrument
from postflight.browser.screenshot import picture
from postflight.checks.access.keyboard import Control, Walk, read
from postflight.errors import PageTrouble

MOST_STOPS = 1000
MOST_INSIDE = 100  # presses of Tab within one frame of another origin, or whatever else we cannot look into
MOST_PARTS = 20  # presses of Tab within one element of the browser's own: a date, a film; more are a trap
MOST_LOOKS = 20  # elements of which pictures are compared
MARGIN = 8.0  # CSS pixels around an element in which its focus may show


@dataclass(frozen=True, slots=True)
class Looks:
    """What cannot be seen to have the focus. Where people write, the caret may be sign enough."""

    controls: tuple[str, ...]
    fields: tuple[str, ...]


def walk(page: Page, keyboard: Instrument | None = None) -> Walk:
    """Press Tab from the top until the focus has left the page, or is held."""
    keyboard = keyboard or Instrument(page, "Keyboard")
    controls = tuple(read(told) for told in keyboard.ask("controls"))
    stops: list[Control] = []
    to_the_top(page, keyboard)
    inside = 0  # presses that the last stop has kept: a field of a date has three parts, a film its own buttons
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        told = keyboard.ask("focused")
        if told is None:
            return Walk(controls, tuple(stops))
        stop = read(told)
        numbers = [seen.number for seen in stops]
        if numbers[-1:] == [stop.number] and inside < (MOST_INSIDE if stop.foreign else MOST_PARTS):
            inside += 1
            continue
        if stop.foreign and numbers[-1:] == [stop.number]:
            break
        if stop.number in numbers:
            held = tuple(stops[numbers.index(stop.number) :])
            return Walk(controls, tuple(stops), held=held, escaped=_escapes(page, keyboard, held))
        inside = 0
        stops.append(stop)
    return Walk(controls, tuple(stops), whole=False)


def to_the_top(page: Page, keyboard: Instrument) -> None:
    """Where a page has put the focus somewhere: press Tab until it has left the page, or comes round again.

    To take the focus away would not do: Tab goes on from where it was.
    """
    went: list[int] = []
    while (told := keyboard.ask("focused")) is not None and len(went) < MOST_STOPS:
        number, last = told["number"], went[-MOST_PARTS:]
        if number in went and (number != went[-1] or last == [number] * MOST_PARTS):
            return
        went.append(number)
        page.keyboard.press("Tab")


def _escapes(page: Page, keyboard: Instrument, held: tuple[Control, ...]) -> bool:
    """Whether Escape frees the focus: an editor may take Tab for itself if it says how to leave (WCAG 2.1.2)."""
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    told = keyboard.ask("focused")
    return told is None or told["number"] not in {control.number for control in held}


def unseen(page: Page, keyboard: Instrument) -> Looks:
    """After a walk: what looked the same with the focus and without, also in a picture."""
    controls: list[str] = []
    fields: list[str] = []
    for told in keyboard.ask("unseen")[:MOST_LOOKS]:
        element = keyboard.hold("element", told["number"]).as_element()
        if element is not None and not _shows_focus(page, element):
            (fields if told["writes"] else controls).append(read(told).name)
    return Looks(tuple(controls), tuple(fields))


def _shows_focus(page: Page, element: ElementHandle) -> bool:
    """Whether a picture of the element changes with the focus. Equal pixels make equal PNG files."""
    element.focus()
    box = element.bounding_box()
    if box is None:
        return True  # it has gone meanwhile, and nobody can say
    left, top = max(0.0, box["x"] - MARGIN), max(0.0, box["y"] - MARGIN)
    size = page.viewport_size or {"width": 1280, "height": 720}
    width = min(size["width"], box["x"] + box["width"] + MARGIN) - left
    height = min(size["height"], box["y"] + box["height"] + MARGIN) - top
    if width <= 0 or height <= 0:
        return False
    clip: Any = {"x": left, "y": top, "width": width, "height": height}
    focused = picture(page, clip=clip, animations="disabled")
    element.evaluate("element => element.blur()")
    return focused != picture(page, clip=clip, animations="disabled")


def tab_to(page: Page, wanted: Locator, what: str, *, most: int = 60) -> None:
    """Press Tab until `wanted` has the focus. Raises `PageTrouble`, naming where Tab went instead."""
    wanted.wait_for()
    keyboard = Instrument(page, "Keyboard")
    went: list[str] = []
    for _ in range(most):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        told = keyboard.ask("focused")
        went.append(read(told).name if told else "the page's end")
    shown = ", ".join(dict.fromkeys(went))
    why = wanted.get_attribute("tabindex")
    raise PageTrouble(
        f"{what} is not reached by Tab{f': tabindex={why}' if why else ''}",
        expected=f"the focus on {what} within {most} presses of Tab",
        seen=f"the focus went to {shown}",
        where=page.url,
    )
