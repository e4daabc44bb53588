"""Where the time of slow requests went, in words: which phase, which operation, which region, or only the tail."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean, median

from postflight.checks.latency.timing import PHASES, Gauge, Phase, Timing
from postflight.model import Quantity, Unit
from postflight.stats.quantiles import estimate

MOST_OF = 0.8  # share of the slow requests that makes one operation their cause
FAR = 2.0  # times the others' median
FLOOR = 0.02  # seconds; what differs by less is no cause: on loopback a first byte varies by a third
_DOING = {
    Phase.DNS: "resolving the name",
    Phase.CONNECT: "connecting",
    Phase.TLS: "for the TLS handshake",
    Phase.FIRST_BYTE: "waiting for the first byte",
    Phase.BODY: "for the body after its first byte",
}


def tell_where(timings: Sequence[Timing], gauge: Gauge) -> str:
    """Return where the time of those requests went that are as slow as the gauge's quantile, or slower.

    `780 ms of it waiting for the first byte of GET /api/projects; connect 1 ms, TLS 3 ms`
    """
    slow = _slow(timings, gauge)
    parts = [_phases(slow, gauge, _whose(slow, timings)), _region(timings, gauge), _tail(timings, gauge), _late(slow)]
    return "; ".join(part for part in parts if part)


def _slow(timings: Sequence[Timing], gauge: Gauge) -> list[Timing]:
    bound = estimate([timing.of(gauge.phase) for timing in timings], gauge.quantile, 0.5).middle
    return [timing for timing in timings if timing.of(gauge.phase) >= bound]


def _phases(slow: Sequence[Timing], gauge: Gauge, whose: str) -> str:
    means = {phase: fmean(timing.of(phase) for timing in slow) for phase in PHASES}
    if gauge.phase is not Phase.TOTAL:
        return f"{_time(means[gauge.phase])} {_DOING[gauge.phase]} of {whose}"
    longest = max(means, key=lambda phase: means[phase])
    others = ", ".join(
        f"{phase.value.replace('_', ' ').replace('tls', 'TLS').replace('dns', 'DNS')} {_time(seconds)}"
        for phase, seconds in means.items()
        if phase is not longest and seconds > 0
    )
    return f"{_time(means[longest])} of it {_DOING[longest]} of {whose}" + (f"; {others}" if others else "")


def _whose(slow: Sequence[Timing], timings: Sequence[Timing]) -> str:
    """Name the operation that most slow requests are of; several that are slow alike are told by their number."""
    operations = {timing.operation for timing in timings}
    name, count = Counter(timing.operation for timing in slow).most_common(1)[0]
    if len(operations) == 1 or count >= MOST_OF * len(slow):
        return name
    return f"all {len(operations)} operations, {name} most of all"


def _region(timings: Sequence[Timing], gauge: Gauge) -> str:
    """Say that one region is slow and the others are not."""
    medians = _medians(timings, gauge, lambda timing: timing.region)
    medians.pop("", None)
    if len(medians) < 2:
        return ""
    (slowest, seconds), (_, next_one) = sorted(medians.items(), key=lambda each: -each[1])[:2]
    if seconds < FAR * next_one or seconds - next_one < FLOOR:
        return ""
    others = ", ".join(f"{region} {_time(value)}" for region, value in sorted(medians.items()) if region != slowest)
    return f"only region {slowest} is slow: its median is {_time(seconds)}, others {others}"


def _tail(timings: Sequence[Timing], gauge: Gauge) -> str:
    """Say that few answers are slow, of operations that mostly are not."""
    values = [timing.of(gauge.phase) for timing in timings]
    quantile, middle = estimate(values, gauge.quantile, 0.5).middle, median(values)
    if gauge.quantile <= 0.5 or quantile < FAR * middle or quantile - middle < FLOOR:
        return ""
    medians = _medians(timings, gauge, lambda timing: timing.name)
    bound = (middle + quantile) / 2
    if any(seconds > bound for seconds in medians.values()):  # an operation that is always slow, not a tail
        return ""
    share = sum(value > bound for value in values) / len(values)
    return f"a tail: {share * 100:.1f} % of the answers take long, and the median is {_time(middle)}"


def _late(slow: Sequence[Timing]) -> str:
    """Say that we were not there, so that nobody looks for it at the target."""
    late = fmean(timing.late for timing in slow)
    return f"this runner itself stood still for {_time(late)} of it" if late >= FLOOR else ""


def _medians(timings: Sequence[Timing], gauge: Gauge, key: Callable[[Timing], str]) -> dict[str, float]:
    by_key = defaultdict[str, list[float]](list)
    for timing in timings:
        by_key[key(timing)].append(timing.of(gauge.phase))
    return {name: median(values) for name, values in by_key.items()}


def _time(seconds: float) -> str:
    return str(Quantity(seconds, Unit.SECONDS))
