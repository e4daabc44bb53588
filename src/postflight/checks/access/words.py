"""How elements and lists of them are told. What a page says about itself is bounded, and on one line."""

from collections.abc import Sequence

LONGEST = 160
SHOWN = 5  # elements in a sentence; the rest is counted


def tidy(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line, without control characters, and cut where it is longer than `longest`."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def listed(items: Sequence[str], shown: int = SHOWN) -> str:
    """Return `a; b; c and 4 more`."""
    rest = len(items) - shown
    return "; ".join(items[:shown]) + (f" and {rest} more" if rest > 0 else "")
