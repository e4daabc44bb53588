"""Every request of a switch in exactly one class, and what can be said of the whole. No I/O.

Times are in seconds since the first request was due, and always those at which requests were *due*: a window of
downtime says which visitors got nothing, whenever they were told so.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby


class End(StrEnum):
    """What became of one request."""

    GOOD = "good"
    SLOW = "slow"  # a good answer, later than is allowed
    FAILED = "failed"  # an answer that says that something is broken
    LOST = "lost"  # no answer, or no whole one
    MISSING = "missing"  # this runner could not ask properly: says nothing about the deployment

    @property
    def is_bad(self) -> bool:
        """Whether a visitor did not get what they came for."""
        return self in (End.FAILED, End.LOST)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: when it was due, how long it took from then, and what came of it.

    `version` is the release that answered, empty where the answer did not tell or none came. `said` is what was wrong.
    """

    at: float
    seconds: float
    end: End
    version: str = ""
    said: str = ""

    @property
    def answered(self) -> float:
        """When its answer was there, or its end known."""
        return self.at + self.seconds


@dataclass(frozen=True, slots=True)
class Trouble:
    """A time in which this runner was not well, and why. What was under way in it is missing, good or bad."""

    start: float
    end: float
    why: str


@dataclass(frozen=True, slots=True)
class Window:
    """A run of bad requests, with no good one between them. Whoever came from `first` to `last` got nothing.

    The outage began after `after`, when the last good request before was due, and had ended by `before`, when the first
    good one behind was answered; None where there is none, and the bound is not known.
    """

    first: float
    last: float
    requests: int
    lost: int
    after: float | None
    before: float | None
    said: str

    @property
    def at_least(self) -> float:
        """Seconds that it lasted for certain: 0 for a single request."""
        return self.last - self.first

    @property
    def at_most(self) -> float | None:
        """Seconds that it lasted at most, None when it began or ended out of sight."""
        return None if self.after is None or self.before is None else self.before - self.after


@dataclass(frozen=True, slots=True)
class Change:
    """The change of versions: `old` answered first, `new` last; `others` are all that answered beside these two.

    `first_new` is when anything but the old version answered first, `last_old` when the old one did last. Where the
    second comes after the first, both answered in between: `stragglers` old answers.
    """

    old: str
    new: str
    first_new: float
    last_old: float
    stragglers: int
    others: tuple[str, ...] = ()

    @property
    def mixed(self) -> float:
        """Seconds in which both answered."""
        return max(0.0, self.last_old - self.first_new)

    @property
    def reverted(self) -> bool:
        """Whether the old version answers again at the end."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class Account:
    """What became of all requests. `visits` are in the order in which they were due, missing ones told as such."""

    visits: tuple[Visit, ...]
    by_version: Mapping[str, Mapping[End, int]]  # "" for requests that no release has signed
    windows: tuple[Window, ...]
    change: Change | None  # None: one version answered all the time, or none told its version
    troubles: tuple[Trouble, ...] = ()

    def count(self, *ends: End) -> int:
        """Return how many requests ended so."""
        return sum(counts.get(end, 0) for counts in self.by_version.values() for end in ends)

    @property
    def sent(self) -> int:
        """All requests."""
        return len(self.visits)

    @property
    def measured(self) -> int:
        """Those that say something about the deployment."""
        return self.sent - self.count(End.MISSING)

    @property
    def bad(self) -> int:
        """Lost or failed."""
        return self.count(End.LOST, End.FAILED)

    @property
    def availability(self) -> float | None:
        """The share of measured requests that were answered well; None without any."""
        return (self.measured - self.bad) / self.measured if self.measured else None


def account_of(visits: Iterable[Visit], troubles: Sequence[Trouble] = ()) -> Account:
    """Return the account of these requests. One that was under way while this runner was in trouble is missing."""
    ordered = sorted(visits, key=lambda visit: visit.at)
    apart = _merged(troubles)
    ends = [trouble.end for trouble in apart]
    judged = tuple(_cleared(visit, apart, ends) for visit in ordered)
    by_version: dict[str, Counter[End]] = {}
    for visit in judged:
        by_version.setdefault(visit.version, Counter())[visit.end] += 1
    return Account(judged, by_version, tuple(_windows(judged)), _change(judged), apart)


def _merged(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Return them in order, those that overlap as one."""
    merged: list[Trouble] = []
    for trouble in sorted(troubles, key=lambda each: each.start):
        if merged and trouble.start <= merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(merged[-1].end, trouble.end))
        else:
            merged.append(trouble)
    return tuple(merged)


def _cleared(visit: Visit, troubles: Sequence[Trouble], ends: Sequence[float]) -> Visit:
    first = bisect_left(ends, visit.at)  # that has not ended before the visit began
    if first < len(troubles) and troubles[first].start <= visit.answered:
        return replace(visit, end=End.MISSING, said=troubles[first].why)
    return visit


def _windows(visits: Sequence[Visit]) -> Iterator[Window]:
    """Yield the runs of bad requests. Missing ones neither end nor lengthen a run."""
    after: float | None = None
    measured = [visit for visit in visits if visit.end is not End.MISSING]
    runs = [tuple(run) for _, run in groupby(measured, key=lambda visit: visit.end.is_bad)]
    for number, run in enumerate(runs, 1):
        if run[0].end.is_bad:
            yield Window(
                first=run[0].at,
                last=run[-1].at,
                requests=len(run),
                lost=sum(visit.end is End.LOST for visit in run),
                after=after,
                before=runs[number][0].answered if number < len(runs) else None,
                said=Counter(visit.said for visit in run).most_common(1)[0][0],
            )
        after = run[-1].at


def _change(visits: Sequence[Visit]) -> Change | None:
    """Find the change of versions. Also a failing answer shows which release gave it; a missing one shows nothing."""
    signed = [visit for visit in visits if visit.version and visit.end is not End.MISSING]
    versions = tuple(dict.fromkeys(visit.version for visit in signed))
    if len(versions) < 2:
        return None
    old, new = versions[0], signed[-1].version
    first_new = next(visit.at for visit in signed if visit.version != old)
    of_old = [visit.at for visit in signed if visit.version == old]
    return Change(
        old=old,
        new=new,
        first_new=first_new,
        last_old=of_old[-1],
        stragglers=sum(at > first_new for at in of_old),
        others=tuple(version for version in versions if version not in (old, new)),
    )
