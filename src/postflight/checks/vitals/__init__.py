"""Web Vitals of a visit: what a person felt, and the cause of each breach in words. Pure; the public names are here."""

from postflight.checks.vitals.causes import explain
from postflight.checks.vitals.model import (
    Arrival,
    FirstByte,
    Interaction,
    LargestPaint,
    Moved,
    Script,
    Shift,
    Stability,
    Vitals,
    Work,
)
from postflight.checks.vitals.reading import read_vitals

__all__ = [
    "Arrival",
    "FirstByte",
    "Interaction",
    "LargestPaint",
    "Moved",
    "Script",
    "Shift",
    "Stability",
    "Vitals",
    "Work",
    "explain",
    "read_vitals",
]
