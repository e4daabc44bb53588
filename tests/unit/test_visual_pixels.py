"""Which pixels differ: the same ones as pixelmatch finds, and none where only edges were smoothed otherwise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from pixelmatch import pixelmatch

from postflight.checks.visual.pixels import Pixels, compare

RED, WHITE, INK = (210, 20, 30), (255, 255, 255), (20, 20, 40)


def plain(width: int, height: int, colour: tuple[int, int, int] = WHITE) -> Pixels:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def pixelmatchs(old: Pixels, new: Pixels, tolerance: float = 0.1) -> int:
    """How many pixels differ for the library whose rule ours is."""
    height, width = old.shape[:2]
    opaque = np.full((height, width, 1), 255, dtype=np.uint8)
    one, other = (np.concatenate([picture, opaque], axis=2).ravel().tolist() for picture in (old, new))
    return pixelmatch(one, other, width, height, threshold=tolerance)


@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 12), height=st.integers(1, 12), colours=st.integers(2, 6))
@settings(max_examples=150, deadline=None)
def test_the_same_pixels_as_pixelmatch(seed: int, width: int, height: int, colours: int) -> None:
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (colours, 3), dtype=np.uint8)
    old, new = (palette[random.integers(0, colours, (height, width))] for _ in (0, 1))
    found = compare(old, new)
    assert found.pixels == pixelmatchs(old, new)


@pytest.mark.parametrize("tolerance", [0.0, 0.02, 0.1, 0.5])
def test_the_same_pixels_as_pixelmatch_in_text(tolerance: float) -> None:
    old, new = (written(f"Velocity {word}", at) for word, at in (("one", (5, 4)), ("two", (5.4, 4))))
    found = compare(old, new, tolerance)
    assert found.pixels == pixelmatchs(old, new, tolerance)
    assert found.pixels > 0


def test_the_same_picture_differs_nowhere() -> None:
    picture = written("Velocity", (5, 4))
    assert (compare(picture, picture).pixels, compare(picture, picture).share) == (0, 0.0)


def test_a_smoothed_edge_is_no_difference() -> None:
    """An edge that falls half a pixel later: each pixel on it has a colour between those of its sides."""
    old, new = plain(40, 40), plain(40, 40)
    for y in range(40):
        old[y, : 10 + y // 4] = INK
        new[y, : 10 + y // 4] = INK
        new[y, 10 + y // 4] = (140, 140, 150)
    found = compare(old, new)
    assert found.pixels == 0
    assert found.antialiased >= 30


def test_a_moved_edge_is_one() -> None:
    old, new = plain(40, 40), plain(40, 40)
    old[:, :10], new[:, :13] = INK, INK
    assert compare(old, new).pixels == 3 * 40


def test_a_hardly_other_colour_is_none_unless_asked_for() -> None:
    old, new = plain(10, 10), plain(10, 10, (250, 250, 252))
    assert compare(old, new).pixels == 0
    assert compare(old, new, tolerance=0.0).pixels == 100


def test_what_only_one_picture_has_differs() -> None:
    found = compare(plain(10, 20), plain(10, 25))
    assert found.changed.shape == (25, 10)
    assert found.pixels == 50
    assert found.share == 0.2
    assert compare(plain(10, 25), plain(10, 20)).pixels == 50
    assert compare(plain(4, 20), plain(6, 10)).changed.shape == (20, 6)


def written(text: str, at: tuple[float, float]) -> Pixels:
    image = Image.new("RGB", (120, 24), WHITE)
    ImageDraw.Draw(image).text(at, text, fill=INK)
    return np.asarray(image)
