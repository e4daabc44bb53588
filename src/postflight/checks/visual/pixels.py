"""Which pixels of two pictures differ, as a person would see it. Pure.

The rule is pixelmatch's (Mapbox): a pixel differs when its distance in YIQ is above a tolerance, unless it looks
anti-aliased in either picture. Its Python port goes pixel by pixel and takes 1.8 s where a hero has moved; here the
same rule is written for whole arrays, and takes 0.09 s. A test holds both to the same pixels.

Sources: Kotsarenko, Ramos, "Measuring perceived color difference using YIQ NTSC transmission color space in mobile
applications" (2010); Vysniauskas, "Anti-aliased Pixel and Intensity Slope Detector" (2009).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3): red, green, blue
Mask = NDArray[np.bool_]  # (height, width)

TOLERANCE = 0.1  # of the largest distance that two colours can have
_LARGEST_DISTANCE = 35215.0  # squared: black against white
_YIQ = np.array([
    [0.29889531, 0.58662247, 0.11448223],
    [0.59597799, -0.27417610, -0.32180189],
    [0.21147017, -0.52261711, 0.31114694],
])  # fmt: skip
_WEIGHTS = np.array([0.5053, 0.299, 0.1957])
_NEIGHBOURS = tuple((dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
_FEW = 2  # neighbours of the same colour: more are a plain area or an edge, not a slope


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """Where two pictures differ. `changed` has the larger height and width of both: what only one has differs too."""

    changed: Mask
    antialiased: int  # pixels that differ only as the edges of letters do

    @property
    def pixels(self) -> int:
        """How many pixels differ."""
        return int(np.count_nonzero(self.changed))

    @property
    def share(self) -> float:
        """The share of pixels that differ, from 0 to 1."""
        return self.pixels / self.changed.size


def compare(old: Pixels, new: Pixels, tolerance: float = TOLERANCE) -> Difference:
    """Compare two pictures from their upper left corner on. `tolerance`: from 0 (any change counts) to 1."""
    height, width = (min(old.shape[axis], new.shape[axis]) for axis in (0, 1))
    changed = np.ones([max(old.shape[axis], new.shape[axis]) for axis in (0, 1)], dtype=bool)
    common = changed[:height, :width]
    common[:] = False
    one, other = old[:height, :width], new[:height, :width]
    rows, columns = np.nonzero((one != other).any(axis=2))
    far = _distance(one[rows, columns], other[rows, columns]) > _LARGEST_DISTANCE * tolerance**2
    rows, columns = rows[far], columns[far]
    smooth = _antialiased(one, other, rows, columns) | _antialiased(other, one, rows, columns)
    common[rows[~smooth], columns[~smooth]] = True
    return Difference(changed, int(np.count_nonzero(smooth)))


def _distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the squared distance of each pair of colours; both (pixels, 3)."""
    difference = (one.astype(np.float64) - other) @ _YIQ.T
    squared: NDArray[np.float64] = difference**2 @ _WEIGHTS
    return squared


def _antialiased(picture: Pixels, other: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Mask:
    """Tell for each pixel whether it lies on a slope between two plain areas that both pictures have."""
    if not rows.size:
        return np.zeros(0, dtype=bool)
    height, width = picture.shape[:2]
    luma = picture @ _YIQ[0]
    plain = _is_plain(picture) & _is_plain(other)
    equal = _on_border(rows, columns, height, width).astype(np.int8)
    low, high = np.zeros(rows.size), np.zeros(rows.size)
    low_is_plain, high_is_plain = np.zeros(rows.size, dtype=bool), np.zeros(rows.size, dtype=bool)
    for dx, dy in _NEIGHBOURS:
        x, y = columns + dx, rows + dy
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = x.clip(0, width - 1), y.clip(0, height - 1)
        delta = np.where(inside, luma[rows, columns] - luma[y, x], 0.0)
        equal += inside & (delta == 0)
        lower, higher = delta < low, delta > high
        low, high = np.where(lower, delta, low), np.where(higher, delta, high)
        low_is_plain = np.where(lower, plain[y, x], low_is_plain)
        high_is_plain = np.where(higher, plain[y, x], high_is_plain)
    sloped: Mask = (equal <= _FEW) & (low < 0) & (high > 0) & (low_is_plain | high_is_plain)
    return sloped


def _is_plain(picture: Pixels) -> Mask:
    """Tell for each pixel whether three or more of its neighbours have its colour; the border counts as one."""
    height, width = picture.shape[:2]
    colours = picture.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    padded = np.pad(colours, 1, constant_values=-1)
    rows, columns = np.ogrid[:height, :width]
    equal = _on_border(rows, columns, height, width).astype(np.int8)
    for dx, dy in _NEIGHBOURS:
        equal += padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] == colours
    plain: Mask = equal > _FEW
    return plain


def _on_border(rows: NDArray[np.intp], columns: NDArray[np.intp], height: int, width: int) -> Mask:
    border: Mask = (rows == 0) | (rows == height - 1) | (columns == 0) | (columns == width - 1)
    return border
