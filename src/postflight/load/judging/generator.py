"""Whether the generator could measure: one that fell behind is invalid, and says nothing about the server. Pure."""

from dataclasses import dataclass

from postflight.load.engine.batch import Effort, Flows

_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Trust:
    """From where on a generator is not believed."""

    lag_p99: float = 0.050  # seconds
    busy: float = 0.90  # share of a core in a quarter second: more is saturated
    busy_share: float = 0.25  # of the quarter seconds that may be saturated
    missed_share: float = 0.0  # of the due flows that may not have started


def judge(effort: Effort, flows: Flows, trust: Trust = Trust()) -> tuple[str, ...]:
    """Return why what this generator measured is invalid, each in a sentence; nothing when it can be believed.

    Judge each worker for itself and then their sum: one lagging worker of many does not show in the sum.
    """
    reasons = []
    lag = effort.lag.quantile(0.99) / _US
    if lag > trust.lag_p99:
        reasons.append(
            f"the generator wrote 1 % of its requests more than {lag * 1000:.1f} ms late "
            f"(at most {trust.lag_p99 * 1000:g} ms): give it a core of its own, more workers or a lower rate"
        )
    busy = effort.cpu.share_above(round(trust.busy * 1000))
    if busy > trust.busy_share:
        reasons.append(
            f"the generator's thread used over {trust.busy:.0%} of a core in {busy:.0%} of the time: "
            "use more workers or a lower rate"
        )
    if flows.missed > trust.missed_share * flows.due:
        reasons.append(
            f"{flows.missed} of {flows.due} flows did not start, since as many as allowed were in flight: "
            "raise the limit in flight, or lower the rate"
        )
    return tuple(reasons)
