"""How hard this machine is pressed while something is measured on it: what Linux itself says. Decides nothing.

Sources: Documentation/accounting/psi.rst of the Linux kernel (pressure stall information), proc_stat(5) (steal).
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")
STAT = Path("/proc/stat")
STEAL = 8  # of the words of the line `cpu` in /proc/stat: user nice system idle iowait irq softirq steal


@dataclass(frozen=True, slots=True)
class Pressure:
    """Running totals at one moment. None where the system does not tell."""

    at: float  # seconds, monotonic
    stalled: float | None  # seconds in which something that could run had to wait for a processor
    stolen: float | None  # share of all processor time that the host gave to other guests, in ticks
    ticks: float | None

    def since(self, before: "Pressure") -> "Strain":
        """Return how hard it was between the two."""
        waited = None
        if self.stalled is not None and before.stalled is not None and self.at > before.at:
            waited = min(1.0, (self.stalled - before.stalled) / (self.at - before.at))
        taken = None
        if None not in (self.stolen, before.stolen, self.ticks, before.ticks):
            passed = (self.ticks or 0) - (before.ticks or 0)
            taken = ((self.stolen or 0) - (before.stolen or 0)) / passed if passed > 0 else 0.0
        return Strain(waited, taken)


@dataclass(frozen=True, slots=True)
class Strain:
    """Shares of a time: in which processes waited for a processor, and of processor time that the host took away."""

    waited: float | None
    stolen: float | None

    def __str__(self) -> str:
        """In words: `processes waited for a processor 62 % of the time, the host took 3 % of it away`."""
        said = []
        if self.waited is not None:
            said.append(f"processes waited for a processor {self.waited:.0%} of the time".replace("%", " %"))
        if self.stolen is not None and self.stolen >= 0.005:
            said.append(f"the host took {self.stolen:.0%} of it away".replace("%", " %"))
        return ", ".join(said) or "the system does not tell how hard it is pressed"


def read_pressure(pressure: Path = PRESSURE, stat: Path = STAT) -> Pressure:
    """Return the totals as they are now."""
    stalled = re.search(r"^some .*total=(\d+)", _text(pressure), re.MULTILINE)
    times = re.search(r"^cpu +(.+)$", _text(stat), re.MULTILINE)
    ticks = [float(word) for word in times[1].split()[:STEAL]] if times else []
    known = len(ticks) == STEAL
    return Pressure(
        time.monotonic(),
        int(stalled[1]) / 1e6 if stalled else None,
        ticks[-1] if known else None,
        sum(ticks) if known else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
