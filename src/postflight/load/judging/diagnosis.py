"""What a slow or failing run looks like, in words: a stall, a rate above which it breaks, a slide, one slow part. Pure.

It decides nothing; a limit that is broken does. It says where to look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from postflight.load.judging.chart import Point
from postflight.model import Quantity, Unit

NOTABLE = 0.1  # seconds: below, no difference is worth a word
MUCH = 3.0  # times as slow
FEWEST = 4  # seconds with answers; of fewer nothing is said
RISING = 0.9  # share of all pairs of seconds of which the later is the slower: a slide


@dataclass(frozen=True, slots=True)
class Part:
    """All requests of one name: how many, and their p95 in seconds."""

    name: str
    count: int
    p95: float


def diagnose(points: Sequence[Point], parts: Sequence[Part]) -> tuple[str, ...]:
    """Return sentences about a run, given second by second and name by name; none when nothing stands out."""
    known = [point for point in points if point.p50 is not None and point.ended]
    if len(known) < FEWEST:
        return tuple(filter(None, [_one_slow_part(parts)]))
    pace = _slow_above_a_rate(known) or _stall(known) or _slide(known) or _slow_throughout(known)
    return tuple(filter(None, [pace, _fails_above_a_rate(known), _one_slow_part(parts)]))


def _one_slow_part(parts: Sequence[Part]) -> str:
    """Tell the one name that is much slower than all others."""
    if len(parts) < 2:
        return ""
    slowest, *others = sorted(parts, key=lambda part: -part.p95)
    if slowest.p95 < max(NOTABLE, MUCH * others[0].p95):
        return ""
    return (
        f"only {slowest.name} is slow: p95 {_seconds(slowest.p95)} of {slowest.count} requests, "
        f"all others at most {_seconds(others[0].p95)}"
    )


def _slow_above_a_rate(known: Sequence[Point]) -> str:
    """Tell when it is quick up to a rate and slow above it: latencies on both sides keep to themselves."""
    found = _split_by_rate(known, {point.at: _p50(point) for point in known})
    if found is None:
        return ""
    rate, below, above = found
    if min(above) < max(NOTABLE, MUCH * max(below)) or max(above) > MUCH * min(above):
        return ""
    return f"slow above about {rate:.3g} arrivals/s: p50 {_seconds(median(above))}, and {_seconds(median(below))} below"


def _fails_above_a_rate(known: Sequence[Point]) -> str:
    found = _split_by_rate(known, {point.at: point.failed / point.ended for point in known})
    if found is None or min(found[2]) < max(0.05, MUCH * max(found[1])):  # share of errors
        return ""
    rate, _, above = found
    return f"fails above about {rate:.3g} arrivals/s: {median(above):.0%} of the requests, and hardly any below"


def _split_by_rate(
    known: Sequence[Point], values: Mapping[float, float]
) -> tuple[float, Sequence[float], Sequence[float]] | None:
    """Return the rate at which the values jump most, and the values below and above; None without a range of rates.

    The second in which it happens is of neither side, and the last one may have been cut short.
    """
    by_rate = sorted(known[:-1], key=lambda point: point.due)
    if len(by_rate) < FEWEST + 1 or by_rate[-1].due < 1.5 * max(by_rate[0].due, 1.0):
        return None
    ordered = [values[point.at] for point in by_rate]
    jump = max(range(2, len(ordered) - 1), key=lambda place: min(ordered[place + 1 :]) - max(ordered[:place]))
    return by_rate[jump].due, ordered[:jump], ordered[jump + 1 :]


def _stall(known: Sequence[Point]) -> str:
    """Tell a few slow seconds in a row, when all before and after are quick."""
    p99 = [point.p99 or 0.0 for point in known]
    usual = median(p99)
    slow = [place for place, value in enumerate(p99) if value > max(NOTABLE, MUCH * usual)]
    in_a_row = slow and slow[-1] - slow[0] == len(slow) - 1
    if not in_a_row or len(slow) > len(known) / 2 or slow[-1] == len(known) - 1:
        return ""
    longest = max(p99[place] for place in slow)
    return (
        f"stood still once, for about {_seconds(longest)} from second {known[slow[0]].at:.0f} on: "
        f"what was due meanwhile waited; before and after p99 was {_seconds(usual)}"
    )


def _slide(known: Sequence[Point]) -> str:
    """Tell when it gets slower from second to second."""
    p50 = [_p50(point) for point in known]
    pairs = [later > earlier for place, later in enumerate(p50) for earlier in p50[:place]]
    if sum(pairs) < RISING * len(pairs) or p50[-1] < max(NOTABLE, MUCH * p50[0]):
        return ""
    first, last, seconds = _seconds(p50[0]), _seconds(p50[-1]), known[-1].at - known[0].at
    return (
        f"gets slower from second to second: p50 {first} at first, {last} after {seconds:.0f} s. "
        "Either it gets less done than comes, and a queue grows, or each request leaves something behind"
    )


def _slow_throughout(known: Sequence[Point]) -> str:
    p50 = [_p50(point) for point in known]
    if median(p50) < NOTABLE or max(p50) > MUCH * median(p50):
        return ""
    return f"slow nearly all the time: p50 {_seconds(median(p50))}"


def _p50(point: Point) -> float:
    return point.p50 or 0.0


def _seconds(value: float) -> str:
    return str(Quantity(value, Unit.SECONDS))
