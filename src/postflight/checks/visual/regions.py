"""From pixels that differ to the few regions that a person would point at. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from postflight.checks.visual.pixels import Mask

TILE = 16  # pixels: what lies closer together than one or two of them is one region


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a page, in CSS pixels from the upper left corner of the document."""

    left: int
    top: int
    width: int
    height: int

    def __str__(self) -> str:
        """`640x440 at (700,120)`."""
        return f"{self.width}x{self.height} at ({self.left},{self.top})"

    @property
    def area(self) -> int:
        """In square pixels."""
        return self.width * self.height

    def joined(self, other: "Box") -> "Box":
        """Return the smallest box that holds both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        right = max(self.left + self.width, other.left + other.width)
        bottom = max(self.top + self.height, other.top + other.height)
        return Box(left, top, right - left, bottom - top)

    def shared(self, other: "Box") -> int:
        """Return the area that both hold, in square pixels."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(0, width) * max(0, height)

    def likeness(self, other: "Box") -> float:
        """Return how well both agree, from 0 to 1: the area that they share, of the area that they cover."""
        shared = self.shared(other)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True)
class Region:
    """Pixels that differ and lie together: the box around them, and how many they are."""

    box: Box
    pixels: int

    @property
    def share(self) -> float:
        """The share of the box's pixels that differ."""
        return self.pixels / self.box.area


def find_regions(changed: Mask) -> tuple[Region, ...]:
    """Return the regions of a mask, the one with the most pixels first."""
    found = [_region(changed, tiles) for tiles in _connected(_tiles(changed))]
    return tuple(sorted(found, key=lambda region: -region.pixels))


def _tiles(changed: Mask) -> set[tuple[int, int]]:
    """Return (row, column) of the tiles in which something differs."""
    rows, columns = np.nonzero(changed)
    numbers = np.unique((rows // TILE) * (changed.shape[1] + 1) + columns // TILE)
    return {divmod(int(number), changed.shape[1] + 1) for number in numbers}


def _connected(tiles: set[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield the tiles that touch each other, also at a corner. Empties the set."""
    while tiles:
        group = [tiles.pop()]
        for row, column in group:  # it grows while we go through it
            around = {(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1)} & tiles
            tiles -= around
            group += around
        yield group


def _region(changed: Mask, tiles: list[tuple[int, int]]) -> Region:
    """Return what differs in these tiles; other tiles in the rectangle around them are another region's."""
    first, start = min(row for row, _ in tiles), min(column for _, column in tiles)
    last, end = max(row for row, _ in tiles) + 1, max(column for _, column in tiles) + 1
    own = np.zeros(((last - first) * TILE, (end - start) * TILE), dtype=bool)
    for row, column in tiles:
        part = changed[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        top, left = (row - first) * TILE, (column - start) * TILE
        own[top : top + part.shape[0], left : left + part.shape[1]] = part
    rows, columns = np.nonzero(own)
    top, left = int(rows.min()), int(columns.min())
    box = Box(start * TILE + left, first * TILE + top, int(columns.max()) - left + 1, int(rows.max()) - top + 1)
    return Region(box, int(rows.size))
