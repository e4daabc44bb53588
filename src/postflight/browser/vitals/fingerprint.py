"""What kind of run it was. Figures of one kind are never compared with those of another."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Browser with its kind and version, visitor's profile, and the machine. Equal for runs that may be compared."""

    browser: str  # "headless-shell 156.0.8078.79"
    profile: str
    processor: str
    processors: int
    system: str

    def __str__(self) -> str:
        """In one line, for the reports."""
        return f"{self.profile} in {self.browser} on {self.processors} x {self.processor}, {self.system}"


def fingerprint(browser: str, profile: str) -> Fingerprint:
    """Return the kind of a run in this process."""
    return Fingerprint(browser, profile, _processor(), os.cpu_count() or 1, f"{platform.system()} {platform.machine()}")


def _processor() -> str:
    try:
        told = CPU_INFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        told = ""
    found = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or "unknown processor"
