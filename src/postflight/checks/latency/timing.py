"""One request, phase by phase, and what is asked of many of them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postflight.model import Measurement, Unit
from postflight.stats.quantiles import estimate


class Phase(StrEnum):
    """What a request waits for, in order."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    FIRST_BYTE = "first_byte"  # from the first byte sent to the end of the answer's headers
    BODY = "body"
    TOTAL = "total"


PHASES = tuple(phase for phase in Phase if phase is not Phase.TOTAL)


@dataclass(frozen=True, slots=True)
class Timing:
    """One answered request. Times in seconds; phases that did not happen took 0.

    `cold`: a new connection was asked for. `reused`: it went over one that was open already. `late`: seconds, in any of
    the phases, in which we ourselves stood still.
    """

    operation: str  # "GET /api/projects"
    region: str  # empty: the service's own address
    cold: bool
    reused: bool
    http_version: str
    dns: float
    connect: float
    tls: float
    first_byte: float
    body: float
    closes: bool = False  # the answer says that its connection will be closed
    late: float = 0.0

    @property
    def total(self) -> float:
        """All phases together."""
        return math.fsum(self.of(phase) for phase in PHASES)

    @property
    def name(self) -> str:
        """The operation, with its region where it has one."""
        return f"{self.operation} in {self.region}" if self.region else self.operation

    def of(self, phase: Phase) -> float:
        """Return the seconds of one phase, or of all."""
        return self.total if phase is Phase.TOTAL else float(getattr(self, phase.value))


@dataclass(frozen=True, slots=True)
class Gauge:
    """A quantile of one phase of a group's cold or warm requests: `api.warm.p95`, `health.cold.first_byte.p50`."""

    group: str
    cold: bool
    phase: Phase
    quantile: float

    @classmethod
    def parse(cls, metric: str) -> "Gauge":
        """Return the gauge of a metric's name. Raises `ValueError` for one that is none."""
        *group, last = metric.split(".")
        phase = Phase(group.pop()) if group and group[-1] in {each.value for each in PHASES} else Phase.TOTAL
        temperature = group.pop() if group else ""
        if not group or temperature not in {"cold", "warm"} or not (last.startswith("p") and last[1:].isdigit()):
            raise ValueError(f"{metric!r} is no latency: write group.cold.p50, group.warm.first_byte.p95")
        return cls(".".join(group), temperature == "cold", phase, int(last[1:]) / 100)

    @property
    def metric(self) -> str:
        """Its name in budgets.yaml."""
        phase = "" if self.phase is Phase.TOTAL else f".{self.phase.value}"
        return f"{self.group}.{'cold' if self.cold else 'warm'}{phase}.p{self.quantile * 100:.0f}"

    def chosen(self, timings: Iterable[Timing]) -> list[Timing]:
        """Return those that it is about."""
        return [timing for timing in timings if timing.cold is self.cold]

    def measure(self, timings: Sequence[Timing], alpha: float, *, longest: float, cause: str = "") -> Measurement:
        """Return the quantile with its interval. `longest`: seconds after which every request would have failed.

        Its lower bound is without the time in which we stood still: nobody is called slow for that.
        """
        chosen = self.chosen(timings)
        found = estimate([timing.of(self.phase) for timing in chosen], self.quantile, alpha)
        without = estimate([timing.of(self.phase) - timing.late for timing in chosen], self.quantile, alpha)
        interval = (max(without.low, 0.0), min(found.high, longest))
        return Measurement(self.metric, (found.middle,), Unit.SECONDS, interval=interval, cause=cause)
