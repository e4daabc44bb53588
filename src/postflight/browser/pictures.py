"""Shots as PNG files, and the picture of a change: old, new, and what differs, side by side."""

import json
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin, UnidentifiedImageError

from postflight.checks.visual.change import Change, Shot
from postflight.checks.visual.elements import Element
from postflight.checks.visual.pixels import Pixels
from postflight.checks.visual.regions import Box
from postflight.errors import CannotMeasure

ELEMENTS = "postflight-elements"  # the PNG's text chunk that holds what elements a shot showed
MAX_BYTES = 20_000_000  # of a baseline's file
MAX_PIXELS = 40_000_000
MAX_SIDE = 4000  # pixels of a sheet's height: a picture for people
GAP = 12  # pixels between the pictures of a sheet
RED, BACKGROUND = (214, 0, 60), (120, 120, 120)


def encode(shot: Shot) -> bytes:
    """Return a shot as PNG; its elements are in a compressed text chunk."""
    info = PngImagePlugin.PngInfo()
    rows = [[e.name, e.box.left, e.box.top, e.box.width, e.box.height, dict(e.look)] for e in shot.elements]
    info.add_text(ELEMENTS, json.dumps(rows, separators=(",", ":")), zip=True)
    return _png(shot.pixels, info)


def decode(png: bytes, where: str) -> Shot:
    """Return the shot that `encode` wrote. A picture without elements is one too. Raises `CannotMeasure`."""
    try:
        if len(png) > MAX_BYTES:
            raise ValueError(f"{len(png)} bytes are more than {MAX_BYTES}")
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} are more than {MAX_PIXELS} pixels")
            pixels = np.asarray(image.convert("RGB"))
            text = image.info.get(ELEMENTS, "[]")
        return Shot(pixels, tuple(_element(row) for row in json.loads(text)))
    except (OSError, ValueError, TypeError, AttributeError, SyntaxError, Image.DecompressionBombError) as error:
        raise CannotMeasure(
            f"the baseline {where} cannot be read: {_words(error)}."
            " Fetch it from git again, or write it anew with --update-baselines",
            expected="a PNG that --update-baselines wrote",
            seen=_words(error),
            where=where,
        ) from error


def sheet(old: Shot, new: Shot, change: Change) -> bytes:
    """Return a PNG of old, new and what differs (red on a pale copy, each region framed), from left to right."""
    shape = change.difference.changed.shape
    pale = _padded(new.pixels, shape) // 4 + 191
    pale[change.difference.changed] = RED
    marked = Image.fromarray(pale.astype(np.uint8))
    draw = ImageDraw.Draw(marked)
    for region in change.regions[:20]:
        box = region.box
        draw.rectangle((box.left - 3, box.top - 3, box.left + box.width + 2, box.top + box.height + 2), outline=RED)
    parts = [Image.fromarray(_padded(old.pixels, shape)), Image.fromarray(_padded(new.pixels, shape)), marked]
    height = min(shape[0], MAX_SIDE)
    whole = Image.new("RGB", (3 * shape[1] + 2 * GAP, height), BACKGROUND)
    for number, part in enumerate(parts):
        whole.paste(part.crop((0, 0, shape[1], height)), (number * (shape[1] + GAP), 0))
    return _png(np.asarray(whole))


def _words(error: Exception) -> str:
    return "it is no PNG" if isinstance(error, UnidentifiedImageError) else str(error)[:200] or type(error).__name__


def _padded(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    whole = np.full((*shape, 3), BACKGROUND, dtype=np.uint8)
    whole[: pixels.shape[0], : pixels.shape[1]] = pixels
    return whole


def _png(pixels: Pixels, info: PngImagePlugin.PngInfo | None = None) -> bytes:
    written = BytesIO()
    Image.fromarray(pixels).save(written, "PNG", pnginfo=info, optimize=False)
    return written.getvalue()


def _element(row: Any) -> Element:
    name, left, top, width, height, look = row
    box = Box(int(left), int(top), int(width), int(height))
    return Element(str(name), box, tuple((str(key), str(value)) for key, value in look.items()))
