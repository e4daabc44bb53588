"""What a run of load says: findings, each with its true reason. Pure.

Two questions, never mixed: a limit that is broken is the deployment's fault only when the generator kept its schedule.
A rate that was not reached because we were late is invalid; because every connection was held by the target, bad.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from postflight.config.load import Profile, Shape
from postflight.exhibits import Exhibit
from postflight.load.engine.histogram import Histogram
from postflight.load.judging.breakpoint import Breakpoint
from postflight.load.judging.diagnosis import Part, diagnose
from postflight.load.judging.generator import Trust, judge
from postflight.load.judging.pictures import draw_pictures
from postflight.load.judging.results import OURS, REPORT, Series, Worker
from postflight.load.judging.thresholds import Kind, Reading
from postflight.model import Finding, Measurement, OnBreach, Quantity, Status, Unit

STAGE = "load"
US = 1_000_000  # histograms are in microseconds
HELD = 0.05  # seconds of waiting for a connection (p95) that show who held the connections


class End(StrEnum):
    """How a run came to its end."""

    WHOLE = "whole"  # the shape was played to its end
    BROKEN = "broken"  # ended early: a limit was broken in several windows in a row, or at a step
    STORM = "storm"  # ended early: nearly all requests failed
    BOUND = "bound"  # ended early by a bound of ours: time, requests, rate
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Ended:
    """A profile's run, at its end. `why` says more of an early one."""

    profile: Profile
    shape: Shape
    series: Series
    readings: tuple[Reading, ...]
    workers: tuple[tuple[str, Worker], ...]
    end: End
    why: str = ""
    cut_off: int = 0  # flows that did not get to clean up
    found: Breakpoint | None = None  # of a stepped shape
    generator_lag: float = 0.05  # seconds; p99
    told_until: float = math.inf  # seconds since the begin up to which all workers have told all


def conclude(ended: Ended) -> tuple[Finding, ...]:
    """Return one finding for each limit, and one for each thing that makes the measurement worthless."""
    invalid = [*_of_ending(ended), *_of_workers(ended), *_of_generator(ended), *_of_ourselves(ended)]
    if not invalid and ended.series.total.flows.due == 0 and ended.end is not End.STORM:
        words = "not one request was due after the warm-up: nothing was measured"
        invalid.append(_finding(ended, "requests", "requests are sent", Status.INVALID, words))
    doubts = [finding.title for finding in invalid if finding.check.endswith((".generator", ".ours"))]
    judged = [_of_reading(ended, reading, doubt="".join(doubts[:1])) for reading in ended.readings]
    if ended.found is not None:
        judged.append(_of_climb(ended, ended.found))
    if not judged:
        words = f"no budget of the load stage begins with {ended.profile.metric}.: nothing says what is allowed"
        judged.append(_finding(ended, "budgets", "there are budgets", Status.UNKNOWN, words))
    harm = _of_harm(ended, doubt="".join(doubts[:1]))
    found = [replace(finding, details=_details(ended)) for finding in (*harm, *invalid, *judged)]
    untroubled = {Status.GOOD, Status.EXCLUDED}
    first = next((n for n, finding in enumerate(found) if finding.status not in untroubled), 0)
    found[first] = replace(found[first], exhibits=_pictures(ended))  # once: all of them are about one run
    return tuple(found)


def generator_trouble(workers: Iterable[tuple[str, Worker]], lag: float) -> tuple[str, ...]:
    """Return why the generator cannot be believed: each worker by itself, since one of many does not show in a sum."""
    # missed flows are told by the rate: a target that holds all that may be in flight is no fault of the generator
    trust = Trust(lag_p99=lag, missed_share=1.0)
    return tuple(
        f"worker {number}: {reason}"
        for number, (_, worker) in enumerate(workers, start=1)
        for reason in (*judge(worker.effort, worker.flows, trust), *_of_pauses(worker, lag))
    )


def _of_pauses(worker: Worker, lag: float) -> list[str]:
    """Say that a generator's whole process stood still for more than 1 % of its time: its p99 is its own."""
    stood = sum(pause for pause in worker.pauses if pause > lag)
    reported = sum(worker.pauses) + REPORT * len(worker.pauses)
    if stood <= 0.01 * reported:
        return []
    return [f"its process stood still for {stood:.1f} of {reported:.1f} s: give it a host that does less"]


def _finding(
    ended: Ended, name: str, title: str, status: Status, summary: str, on_breach: OnBreach = OnBreach.HOLD
) -> Finding:
    return Finding(
        check=f"{STAGE}.{ended.profile.name}.{name}",
        stage=STAGE,
        status=status,
        on_breach=on_breach,
        title=f"{ended.profile.name}: {title}",
        summary=summary,
        seconds=ended.shape.seconds,
    )


def _of_ending(ended: Ended) -> list[Finding]:
    match ended.end:
        case End.INTERRUPTED:
            words = ended.why or "was interrupted (Ctrl-C, or a cancelled job) before its end"
            return [replace(_finding(ended, "end", "it runs to its end", Status.INVALID, words), voids_run=True)]
        case End.BOUND:
            return [_finding(ended, "end", "it runs to its end", Status.INVALID, f"was stopped: {ended.why}")]
    return []


def _of_harm(ended: Ended, *, doubt: str) -> list[Finding]:
    found = []
    if ended.end is End.STORM:
        status, words = (
            (Status.INVALID, f"; not judged, since it does not hold that: {doubt}") if doubt else (Status.BAD, "")
        )
        found.append(_finding(ended, "storm", "it answers at all", status, f"was stopped: {ended.why}{words}"))
    if ended.cut_off:
        words = f"{ended.cut_off} flows were cut off before they had cleaned up: look with `postflight cleanup`"
        found.append(_finding(ended, "cleanup", "nothing is left behind", Status.UNKNOWN, words))
    return found


def _of_workers(ended: Ended) -> list[Finding]:
    lost = [f"worker {n} ({name}) {w.trouble}" for n, (name, w) in enumerate(ended.workers, start=1) if w.trouble]
    if not lost:
        return []
    words = f"{len(lost)} of {len(ended.workers)} workers did not take part to the end, so less load was sent: "
    return [_finding(ended, "workers", "all workers take part", Status.INVALID, words + "; ".join(lost))]


def _of_generator(ended: Ended) -> list[Finding]:
    if not (reasons := generator_trouble(ended.workers, ended.generator_lag)):
        return []
    return [_finding(ended, "generator", "the generator keeps its schedule", Status.INVALID, "; ".join(reasons))]


def _of_ourselves(ended: Ended) -> list[Finding]:
    flows = ended.series.total.flows.invalid + ended.series.warm.flows.invalid
    requests = sum(cell.count for (_, outcome), cell in ended.series.names.items() if outcome in OURS)
    if not flows and not requests:
        return []
    texts = [message.text for message in ended.series.messages if message.outcome in {*OURS, "invalid"}]
    words = f"{max(flows, requests)} flows failed for a reason of our own: {texts[0] if texts else 'no words for it'}"
    return [_finding(ended, "ours", "our own flows work", Status.INVALID, words)]


def _of_reading(ended: Ended, reading: Reading, *, doubt: str) -> Finding:
    budget = reading.threshold.budget
    name = budget.metric.partition(".")[2]
    status, words = reading.status, reading.words
    if status is Status.BAD and reading.threshold.kind is Kind.RATE:
        words = f"{words}: {why_not_reached(ended)}"
    if doubt and status in {Status.GOOD, Status.BAD}:
        status, words = Status.INVALID, f"not judged, since it does not hold that: {doubt}. Seen was {reading.value}"
    if ended.shape.stepped and reading.threshold.kind is not Kind.CAPACITY:
        status, words = Status.EXCLUDED, f"{ended.shape.name} goes up until a limit breaks: only the capacity is judged"
    found = _finding(ended, name, f"{name} {budget.limit}", status, words, budget.on_breach)
    measured: tuple[Measurement, ...] = ()
    if reading.value is not None:
        met = {Status.GOOD: True, Status.BAD: False}.get(status)
        measured = (
            Measurement(budget.metric, (reading.value.value,), reading.value.unit, limit=budget.limit, met=met),
        )
    seen = str(reading.value) if reading.value is not None else "nothing"
    return replace(found, expected=budget.limit, seen=seen, covers=budget.covers, measurements=measured)


def _of_climb(ended: Ended, found: Breakpoint) -> Finding:
    """Say which rate holds. Where a budget of the capacity judges it, that is another finding."""
    status = Status.UNKNOWN if found.held is None and found.broken is None else Status.GOOD
    told = _finding(ended, "breakpoint", "the highest rate that holds", status, str(found), OnBreach.WARN)
    held = () if found.held is None else (found.held,)
    metric = f"{ended.profile.metric}.holds"
    return replace(told, measurements=tuple(Measurement(metric, (rate,), Unit.PER_SECOND) for rate in held))


def why_not_reached(ended: Ended) -> str:
    """Say who held up a rate that was not reached, when the generator was on time."""
    flows, waited = ended.series.judged.flows, ended.series.queueing()
    open_flows = flows.due - flows.missed - (flows.ok + flows.failed + flows.unknown + flows.invalid)
    if flows.missed:
        return f"the target held all that may be in flight at a time, and {flows.missed} could not even start"
    if waited > HELD:
        connections, p95 = ended.profile.connections, Quantity(waited, Unit.SECONDS)
        return f"the target held all {connections} connections, and requests waited {p95} (p95) for a free one"
    return f"{open_flows} of {flows.due} had no end when the run was over: the target is slower than its visitors come"


def _pictures(ended: Ended) -> tuple[Exhibit, ...]:
    series, readings = ended.series, ended.readings
    seconds, told_until = ended.shape.seconds, ended.told_until
    return draw_pictures(ended.profile.name, series, readings, seconds=seconds, told_until=told_until)


def _details(ended: Ended) -> str:
    """Return what stands out, and the commonest errors, for whoever reads a finding."""
    worst: Sequence[tuple[str, int]] = sorted(
        ((f"{m.name}: {m.outcome}: {m.text}", times) for m, times in ended.series.messages.items()),
        key=lambda pair: -pair[1],
    )
    seen = diagnose(ended.series.points(ended.told_until), tuple(_parts(ended.series)))
    return "\n".join([*seen, *(f"{times} x {text}" for text, times in worst[:8])])


def _parts(series: Series) -> Iterator[Part]:
    for name, cells in series.by_name():
        latency = Histogram.sum(cell.latency for outcome, cell in cells.items() if outcome not in OURS)
        if latency.count:
            yield Part(name, latency.count, latency.quantile(0.95) / US)
