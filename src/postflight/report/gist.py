"""The gist of many findings, for where room is little: what is nearest to its limit, what was left out and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from postflight.model import Finding, Measurement, Quantity, Status

SHOWN = 16  # measurements, of which those that break their limit are all shown


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Checks of one kind that did not apply here, told once. `others` are those that are not named by `title`."""

    title: str
    why: str
    others: int

    def __str__(self) -> str:
        """In words: `title: why (and 8 more alike)`."""
        return f"{self.title}: {self.why}" + (f" (and {self.others} more alike)" if self.others else "")


def shown(measurement: Measurement) -> str:
    """Return the number that the limit is held against: what is typical and its interval, or the worst value."""
    unit = measurement.unit
    if measurement.interval is not None:
        low, high = (Quantity(bound, unit) for bound in measurement.interval)
        return f"{Quantity(median(measurement.values), unit)} ({low} to {high})"
    return str(measurement.least if measurement.limit.startswith("at least") else measurement.worst)


def nearest(measurements: Sequence[Measurement], most: int = SHOWN) -> tuple[list[Measurement], int]:
    """Return what is not within its limit, then what is nearest to it, up to `most`; and how many more keep theirs."""
    ordered = sorted(measurements, key=lambda m: (m.met is True, -_share(m)))
    room = max(most, sum(m.met is not True for m in ordered))
    return ordered[:room], len(ordered) - len(ordered[:room])


def left_out(findings: Sequence[Finding]) -> list[LeftOut]:
    """Return the checks that were excluded, those of one test function together."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.status is Status.EXCLUDED:
            kinds.setdefault(finding.check.partition("[")[0], []).append(finding)
    return [LeftOut(same[0].title or same[0].check, same[0].summary, len(same) - 1) for same in kinds.values()]


def _share(measurement: Measurement) -> float:
    """How much of its limit is used: 1 at the limit, more beyond it."""
    if measurement.bound is None:
        return 0.0
    at_least = measurement.limit.startswith("at least")
    value = measurement.least.value if at_least else measurement.worst.value
    used, allowed = (measurement.bound, value) if at_least else (value, measurement.bound)
    return used / allowed if allowed > 0 else float(used > 0)
