"""How light it is behind what a page shows."""

from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from postflight.browser.access.instrument import Instrument
from postflight.browser.screenshot import picture
from postflight.checks.access.preferences import DARK, Colour, brightness


def light_behind(page: Page) -> float | None:
    """Return the median luminance behind the page in its window, or None where pictures hide too much of it.

    Styles say what is behind the words, and not all: a closed shadow root, `::before`, a filter. So what they call
    light is looked at in a picture, too, and the darker of both is believed.
    """
    points = Instrument(page, "Preferences").ask("backgrounds")
    by_style = brightness([point["colour"] and tuple(point["colour"]) for point in points])
    if by_style is None or by_style <= DARK:
        return by_style
    with Image.open(BytesIO(picture(page, scale="css"))) as drawn:
        pixels = np.asarray(drawn.convert("RGB"))
    seen: list[Colour | None] = [tuple(pixels[point["y"], point["x"]]) for point in points if point["colour"]]
    by_picture = brightness(seen)
    return by_style if by_picture is None else min(by_style, by_picture)
