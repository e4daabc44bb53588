"""Quantities as people write them: `500 ms`, `5 %`, `170 KB`, `5 sessions`, `0.1 /s`.

A bare number is an error: "timeout: 30" has cost too many people an evening.
"""

import math
import re
from decimal import Decimal

from postflight.config.nearest import did_you_mean
from postflight.model import Quantity, Unit

_SCALES: dict[str, tuple[Unit, Decimal]] = {
    "ns": (Unit.SECONDS, Decimal("1e-9")),
    "us": (Unit.SECONDS, Decimal("1e-6")),
    "µs": (Unit.SECONDS, Decimal("1e-6")),
    "ms": (Unit.SECONDS, Decimal("1e-3")),
    "s": (Unit.SECONDS, Decimal(1)),
    "min": (Unit.SECONDS, Decimal(60)),
    "h": (Unit.SECONDS, Decimal(3600)),
    "d": (Unit.SECONDS, Decimal(86400)),
    "%": (Unit.RATIO, Decimal("0.01")),
    "B": (Unit.BYTES, Decimal(1)),
    "KB": (Unit.BYTES, Decimal(1000)),
    "MB": (Unit.BYTES, Decimal(1000_000)),
    "KiB": (Unit.BYTES, Decimal(1024)),
    "MiB": (Unit.BYTES, Decimal(1024 * 1024)),
    "/s": (Unit.PER_SECOND, Decimal(1)),
    "score": (Unit.SCORE, Decimal(1)),
}
# A count says what it counts. Add a word here when a limit needs it.
_COUNTED = (
    "connection", "element", "error", "file", "point", "redirect", "region", "request", "sample", "session", "user",
    "violation",
)  # fmt: skip
for _word in _COUNTED:
    _SCALES[_word] = _SCALES[f"{_word}s"] = (Unit.COUNT, Decimal(1))

_WRITTEN = re.compile(r"\s*(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*(?P<unit>\S.*?)?\s*")
_LONGEST = 60  # characters; bounds the work for hostile text

EXAMPLES = {
    Unit.SECONDS: "500 ms",
    Unit.RATIO: "5 %",
    Unit.BYTES: "170 KB",
    Unit.COUNT: "5 sessions",
    Unit.PER_SECOND: "0.1 /s",
    Unit.SCORE: "0.1 score",
}


def parse_quantity(text: str, unit: Unit | None = None) -> Quantity:
    """Parse a finite, non-negative quantity; with `unit`, only one of that dimension.

    Raises `ValueError` with a sentence that says what is wrong and how to write it.
    """
    example = EXAMPLES[unit or Unit.SECONDS]
    match = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(f"{_short(text)} is not a quantity; write a number and its unit, like '{example}'")
    number, written = Decimal(match["number"]), match["unit"]
    if written is None:
        raise ValueError(bare_number(text.strip(), unit))
    if written not in _SCALES:
        raise ValueError(f"unknown unit {_short(written)} in {_short(text)}{did_you_mean(written, known_units(unit))}")
    dimension, scale = _SCALES[written]
    if unit is not None and dimension is not unit:
        raise ValueError(f"{_short(text)} is a quantity of another kind; expected one like '{example}'")
    if number.is_signed() and number:
        raise ValueError(f"{_short(text)} is negative")
    value = float(abs(number) * scale)
    if not math.isfinite(value):
        raise ValueError(f"{_short(text)} is too large")
    if dimension is Unit.COUNT and not value.is_integer():
        raise ValueError(f"{_short(text)} is a count, and must be a whole number")
    return Quantity(value, dimension)


def bare_number(number: str, unit: Unit | None = None) -> str:
    """Say that `number` lacks its unit, and how to write it."""
    example = "s" if unit in (None, Unit.SECONDS) else EXAMPLES[unit].partition(" ")[2]
    return f"{number} is a bare number; write its unit, like '{number} {example}'"


def known_units(unit: Unit | None = None) -> tuple[str, ...]:
    """Return all units that may be written, or those of one dimension."""
    return tuple(name for name, (dimension, _) in _SCALES.items() if unit in (None, dimension))


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
