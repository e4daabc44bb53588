"""Scales: a number that a person can read at the end of an axis, and numbers in words."""

import math

from postflight.model import Quantity, Unit

_STEPS = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)  # each of them, and its quarters, have few digits
_UNITS = {unit.value: unit for unit in Unit if unit is not Unit.COUNT}


def round_up(value: float) -> float:
    """Return the next number that reads well as the end of an axis; 1 for nothing."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(value))
    return next(step * magnitude for step in (*_STEPS, 20.0) if step * magnitude >= value * (1 - 1e-9))


def words(value: float, unit: str) -> str:
    """Return a number as a person would write it: `340 ms` for a `Unit`'s name, `12 requests` for any other word."""
    if value == 0:
        return "0"
    if unit in _UNITS:
        return str(Quantity(value, _UNITS[unit]))
    plain = "" if unit == Unit.COUNT.value else unit
    return f"{value:.4g} {plain}".strip()


def place(value: float, low: float, high: float, size: float) -> float:
    """Return where a value is between 0 and `size`, rounded; what is beyond an end is at that end."""
    share = (value - low) / (high - low) if high > low else 0.0
    return round(size * min(1.0, max(0.0, share)), 2)
