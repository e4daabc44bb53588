"""Which triggers a watch holds against which signals. No I/O.

A sequential trigger is tested once for each signal that feeds it, `error_rate.probes` and `error_rate.prometheus`: real
traffic would drown our few requests, and our requests are part of the traffic, so that the two must not be added up.
All of them share the one alpha of the watch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postflight.errors import ConfigError
from postflight.stats.rules import Consecutive, ErrorRate, Gauge, Manual, ResponseTime, Rule, WatchPlan

PROBES, PROMETHEUS, ERROR_TABLE, LOCUST = "probes", "prometheus", "error_table", "locust"
FED_BY = {"active_previews": PROMETHEUS, "logged_errors": ERROR_TABLE}  # gauges
_OPTION = {PROMETHEUS: "--prometheus", ERROR_TABLE: "--error-table"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A trigger that this watch does not hold against anything, and why."""

    name: str
    why: str


def plan_watch(
    rules: Sequence[Rule], signals: Sequence[str], *, alpha: float, duration: float, block: float
) -> tuple[WatchPlan, tuple[LeftOut, ...]]:
    """Return the plan, and what is left out of it. Times in seconds.

    Raises `ConfigError` when a trigger could not decide in time, and when there is nothing to watch.
    """
    kept: list[Rule] = []
    left_out: list[LeftOut] = []
    for rule in rules:
        match rule:
            case ErrorRate() | ResponseTime():
                able = (PROBES, PROMETHEUS, LOCUST) if isinstance(rule, ErrorRate) else (PROBES, PROMETHEUS)
                fed_by = [signal for signal in able if signal in signals]
                kept += [replace(rule, name=f"{rule.name}.{signal}") for signal in fed_by]
            case Gauge():
                if why := _why_not(rule, signals, duration):
                    left_out.append(LeftOut(rule.name, why))
                else:
                    kept.append(replace(rule, stale_after=max(rule.stale_after, 3 * block)))
            case Consecutive() | Manual():
                kept.append(rule)
    if all(isinstance(rule, Manual) for rule in kept):
        raise ConfigError("there is nothing to watch: budgets.yaml has no trigger for this platform that is measured")
    try:
        return WatchPlan(tuple(kept), alpha, duration, block), tuple(left_out)
    except ValueError as error:
        raise ConfigError(f"this watch cannot keep its plan: {error}") from error


def _why_not(gauge: Gauge, signals: Sequence[str], duration: float) -> str:
    needed = FED_BY[gauge.name]
    if needed not in signals:
        return f"nothing measures it: give {_OPTION[needed]}"
    if gauge.hold_for > duration:
        return f"it takes {gauge.hold_for:g} s, longer than this watch of {duration:g} s"
    return ""
