"""The machine that measures, in one line: what took longer on another one says nothing about a deployment."""

import math
import os
import platform
import re
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
QUOTA = Path("/sys/fs/cgroup/cpu.max")
_LONGEST = 80  # characters of a processor's name
_IDLE_WORDS = re.compile(r"\((?:R|TM)\)|\b(?:CPU|Processor|\d+-Core)\b|@.*", re.IGNORECASE)


def describe_host(cpu_info: Path = CPU_INFO, quota: Path = QUOTA) -> str:
    """Return processors that this process may use, their model, and the kind of system: equal for equal machines."""
    return f"{_processors(quota)} x {_model(cpu_info)}, {platform.system()} {platform.machine()}"


def _processors(quota: Path) -> int:
    """Return how many processors may be used: a container or a pinned process may have fewer than the machine."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        share, period = _read(quota).split()[:2]
        return max(1, min(usable, math.ceil(int(share) / int(period))))
    except (ValueError, ZeroDivisionError):  # no such file, or "max": no quota
        return usable


def _model(cpu_info: Path) -> str:
    """Return the model's name without what all of them say; ARM's Linux knows it only by numbers."""
    told = _read(cpu_info)
    found = re.search(r"^model name\s*:\s*(\S.*)$", told, re.MULTILINE)
    if found:
        return " ".join(_IDLE_WORDS.sub(" ", found[1]).split())[:_LONGEST] or found[1].strip()[:_LONGEST]
    numbers = [re.search(rf"^CPU {name}\s*:\s*(\S+)$", told, re.MULTILINE) for name in ("implementer", "part")]
    if all(numbers):
        return f"CPU {' '.join(number[1] for number in numbers if number)}"
    return platform.processor() or "unknown processor"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
