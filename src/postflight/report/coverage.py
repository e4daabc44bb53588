"""Which requirements a run has verified, and which it has not: what nobody looked at is no good news. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from postflight.model import Finding, Status

WORST_FIRST = (Status.BAD, Status.INVALID, Status.FLAKY, Status.UNKNOWN, Status.GOOD, Status.EXCLUDED)
NOT_VERIFIED = "not verified"


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, what must hold, and the worst that its checks found; without a check, nothing."""

    requirement: str
    text: str
    status: Status | None
    checks: int

    @property
    def word(self) -> str:
        """The status in words."""
        return NOT_VERIFIED if self.status is None else self.status.value


@dataclass(frozen=True, slots=True)
class Coverage:
    """All requirements of a platform, in their order, and how many ended how: worst first, then what was not verified.

    `is_whole`: whether all of them are known, so that what is missing can be told.
    """

    rows: tuple[Row, ...]
    is_whole: bool

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """Return (word, how many) for those that occur."""
        order = (*(status.value for status in WORST_FIRST), NOT_VERIFIED)
        counted = ((word, sum(row.word == word for row in self.rows)) for word in order)
        return tuple((word, number) for word, number in counted if number)

    @property
    def missing(self) -> tuple[Row, ...]:
        """What this run has not verified: no check ran, or all of its checks are excluded here."""
        return tuple(row for row in self.rows if row.status in {None, Status.EXCLUDED})


def cover(findings: Iterable[Finding], requirements: Mapping[str, str]) -> Coverage:
    """Return the requirements (id -> what must hold) with what these findings say of them.

    Ids that findings name and `requirements` does not have come last.
    """
    found: dict[str, list[Status]] = {}
    for finding in findings:
        for requirement in finding.covers:
            found.setdefault(requirement, []).append(finding.status)
    ids = (*requirements, *sorted(one for one in found if one not in requirements))
    rows = (
        Row(
            one,
            requirements.get(one, ""),
            min(found[one], key=WORST_FIRST.index) if one in found else None,
            len(found.get(one, ())),
        )
        for one in ids
    )
    return Coverage(tuple(rows), bool(requirements))
