"""What a history tells: how many deployments succeed, and what is unlike the week before. Pure.

A deployment is one release in one environment, with all its runs; runs without a release stand for themselves. It is
rolled back when any run says so; else its last run that decided (not `invalid`) says whether it was promoted or is on
hold. One that is on hold has not succeeded yet. Sites that deployments.yaml does not know, and what runs on the machine
that verifies it (the reference platform), are nobody's deployments.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from postflight.checks.run_kind import RunKind, build_of, tell_change
from postflight.checks.weight.transfer import is_loopback
from postflight.history.model import Entry, Series
from postflight.model import Decision, Quantity, Unit
from postflight.stats.change_point import last_change
from postflight.stats.floor import Claim, judge, rate_interval

WEEK = 7 * 86400.0  # seconds
FEWEST = 5  # runs in a week whose average says something
DEPLOYING = ("gate", "watch")
UNKNOWN = "an unknown browser and host"  # of runs that did not write down what they measured with
SHIFTED = 0.1  # by less, a lasting change is not worth a line
NEGLIGIBLE = {Unit.SECONDS: 0.02, Unit.SCORE: 0.01}  # nobody feels it: 8 ms after 5 ms are 60 % more, and noise
SHIFT_ALPHA = 0.01  # with which any metric of a target is said to have shifted although none has


@dataclass(frozen=True, slots=True)
class Deployments:
    """How many deployments ended how, and how many runs could not tell."""

    promoted: int
    rolled_back: int
    on_hold: int
    invalid_runs: int

    @property
    def total(self) -> int:
        """Deployments that something was decided about."""
        return self.promoted + self.rolled_back + self.on_hold

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the two-sided Clopper-Pearson interval of the success rate; (0, 1) when there were none."""
        low, high = rate_interval(self.total, self.total - self.promoted, confidence)
        return 1 - high, 1 - low

    def claim(self, success: float, confidence: float) -> Claim:
        """Return what these deployments say about "98 % succeed": unknown while it lies in `interval(confidence)`."""
        return judge(success, (1 + confidence) / 2, requests=self.total, failures=self.total - self.promoted)


def count_deployments(entries: Iterable[Entry]) -> Deployments:
    """Count deployments by their ends."""
    ends: dict[tuple[str, ...], Decision] = {}
    invalid = 0
    for entry in sorted(entries, key=lambda entry: entry.finished):
        if entry.command not in DEPLOYING or not entry.known or is_loopback(entry.base_url):
            continue
        if entry.decision is Decision.INVALID:
            invalid += 1
            continue
        key = (entry.platform, entry.environment, entry.release) if entry.release else (entry.run_id,)
        if ends.get(key) is not Decision.ROLLBACK:
            ends[key] = entry.decision
    said = list(ends.values())
    return Deployments(said.count(Decision.PROMOTE), said.count(Decision.ROLLBACK), said.count(Decision.HOLD), invalid)


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of one run against the average of the week before it, in its unit: the runs' medians are compared."""

    metric: str
    unit: Unit
    now: float
    average: float
    runs: int

    @property
    def ratio(self) -> float | None:
        """How far away it is: 0.5 for half as much again, -1 for nothing at all. None where the average is 0."""
        return self.now / self.average - 1 if self.average else None

    def is_large(self, threshold: float) -> bool:
        """Whether there is enough to compare with, and the change is felt and at least this large, either way."""
        ratio = self.ratio
        is_felt = abs(self.now - self.average) > NEGLIGIBLE.get(self.unit, 0.0)
        return self.runs >= FEWEST and is_felt and (ratio is None or abs(ratio) >= threshold)

    def __str__(self) -> str:
        """In words: `usage.projects is 3, 70 % below the average of the week before (10, 12 runs)`."""
        now, average = (Quantity(float(f"{value:.3g}"), self.unit) for value in (self.now, self.average))
        ratio, runs = self.ratio, f"{self.runs} run{'' if self.runs == 1 else 's'}"
        if ratio is None:
            words = "where there was none in the week before"
            return f"{self.metric} is {now}, {words} ({runs})"
        percent = f"{abs(ratio) * 100:.0f}"
        words = "about" if percent == "0" else f"{percent} % {'below' if ratio < 0 else 'above'}"
        return f"{self.metric} is {now}, {words} the average of the week before ({average}, {runs})"


def compare_with_week_before(entry: Entry, entries: Sequence[Entry]) -> tuple[Change, ...]:
    """Return each metric of a run against the seven days before it, of the same command and target.

    A metric that those days do not have is left out, and so are figures that were taken with something else, and those
    of runs that could not measure.
    """
    before = [
        other
        for other in entries
        if other.run_id != entry.run_id
        and (other.command, other.target) == (entry.command, entry.target)
        and entry.finished - WEEK <= other.finished <= entry.finished
    ]
    changes = []
    for series in entry.compared:
        alike = (series_of(other, series.metric, series.unit) for other in before)
        values = [found.median for found in alike if found and found.kind == series.kind]
        if values:
            average = sum(values) / len(values)
            changes.append(Change(series.metric, series.unit, series.median, average, len(values)))
    return tuple(changes)


@dataclass(frozen=True, slots=True)
class Shift:
    """A metric that is another one since a run, in its unit: medians of the runs' medians, before and since."""

    command: str
    target: str
    metric: str
    unit: Unit
    since: float  # Unix seconds
    release: str
    before: float
    after: float
    runs_before: int
    runs_since: int
    p: float
    kind: RunKind | None = None  # of all these runs
    told_apart: bool = False  # whether the target has figures of this metric that are of other kinds

    def __str__(self) -> str:
        """In words: `page.load has been 25 % higher since release 3f2 (1.2 s in 20 runs, then 1.5 s in 9)`."""
        before, after = (Quantity(float(f"{value:.3g}"), self.unit) for value in (self.before, self.after))
        if self.before:
            change = abs(self.after / self.before - 1)
            how = f"{change * 100:.0f} % {'higher' if self.after > self.before else 'lower'}"
        else:
            how = "above nothing" if self.after > 0 else "below nothing"
        since = _named(self.release, self.since)
        measured_with = f", with {self.kind or UNKNOWN}" if self.told_apart else ""
        return (
            f"{self.metric} has been {how} since {since} ({before} in {self.runs_before} runs, then {after} in"
            f" {self.runs_since}{measured_with})"
        )


def find_shifts(entries: Sequence[Entry], *, alpha: float = SHIFT_ALPHA) -> list[Shift]:
    """Return each metric's last lasting shift, target by target; `alpha` is shared by the metrics of a target.

    Runs of the same command, platform and environment are compared, by their medians, oldest first: each metric's
    figures of one kind by themselves, so that another browser or runner is no shift. Runs that could not measure say
    nothing.
    """
    return [shift for runs in _by_target(entries).values() for shift in _shifts_of(runs, alpha)]


def _shifts_of(runs: Sequence[Entry], alpha: float) -> list[Shift]:
    taken = defaultdict[tuple[str, Unit, RunKind | None], list[tuple[Entry, float]]](list)
    for entry in runs:
        for series in entry.compared:
            taken[series.metric, series.unit, series.kind].append((entry, series.median))
    kinds = Counter((metric, unit) for metric, unit, _ in taken)
    shifts = []
    for (metric, unit, kind), pairs in taken.items():
        found = last_change([value for _, value in pairs], alpha / len(taken))
        if found is None or abs(found.ratio) < SHIFTED:
            continue
        if unit is Unit.SCORE and abs(found.after - found.before) <= NEGLIGIBLE[unit]:
            continue
        first, since = pairs[found.index][0], len(pairs) - found.index
        shifts.append(
            Shift(
                first.command, first.target, metric, unit, first.finished, first.release,
                found.before, found.after, found.index - found.start, since, found.p,
                kind, kinds[metric, unit] > 1,
            )
        )  # fmt: skip
    return shifts


def find_kind_changes(entries: Sequence[Entry]) -> list[str]:
    """Say of each target since when it is measured with another browser or on another host, or with which by turns.

    In words: `velocity/staging: another browser since release v20: chromium 150.0.7871 (before: chromium 149.0.7827)`.
    Also by another Postflight: its figures are compared all the same, but what it does may be why they changed.
    """
    told = []
    for runs in _by_target(entries).values():
        named = [(entry, _named(entry.release, entry.finished)) for entry in runs]
        browsers = tell_change("browser", ((build_of(entry.browser), name) for entry, name in named))
        hosts = tell_change("host", ((entry.host, name) for entry, name in named))
        ours = tell_change("Postflight", ((entry.postflight, name) for entry, name in named))
        told += [f"{runs[0].target}: {words}" for words in (browsers, hosts, ours) if words]
    return list(dict.fromkeys(told))  # a gate and a watch of one target say the same


def _by_target(entries: Sequence[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """Return the runs of each command and target, oldest first."""
    found = defaultdict[tuple[str, str], list[Entry]](list)
    for entry in sorted(entries, key=lambda entry: entry.finished):
        found[entry.command, entry.target].append(entry)
    return found


def _named(release: str, finished: float) -> str:
    return f"release {release}" if release else f"{datetime.fromtimestamp(finished, UTC):%Y-%m-%d %H:%M}"


def series_of(entry: Entry, metric: str, unit: Unit | None = None) -> Series | None:
    """Return what a run measured of a metric, or None; nothing of a run that could not measure."""
    return next((s for s in entry.compared if s.metric == metric and unit in (None, s.unit)), None)
