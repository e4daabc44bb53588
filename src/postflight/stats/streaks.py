"""Rules without statistics: `health: 3 in a row`, and a gauge that stays at or above a level `for:` some time.

They make no claim about errors, so they take no share of alpha. A check that could not be made is None: it neither
counts nor clears, because missing data are never good.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ConsecutiveFailures:
    """Fires after `needed` failures in a row, and stays fired. Raises `ValueError` when `needed` is below 1."""

    needed: int
    in_a_row: int = 0
    missing: int = 0
    fired: bool = False

    def __post_init__(self) -> None:
        if self.needed < 1:
            raise ValueError(f"a number of failures in a row must be at least 1, not {self.needed}")

    def update(self, passed: bool | None) -> "ConsecutiveFailures":  # noqa: FBT001 - the outcome is the datum
        """Return the state after one more check: passed, failed, or None when it could not be made."""
        if passed is None:
            return replace(self, missing=self.missing + 1)
        in_a_row = 0 if passed else self.in_a_row + 1
        return replace(self, in_a_row=in_a_row, fired=self.fired or in_a_row >= self.needed)


@dataclass(frozen=True, slots=True)
class HeldGauge:
    """Fires when a gauge was at or above `level` for `hold_for` seconds, as in Prometheus' `for:`, and stays fired.

    Only time between two samples at or above the level counts, and only when they are at most `stale_after` seconds
    apart: two samples with a hole between them say nothing about the hole. Raises `ValueError` for durations that are
    not above 0.
    """

    level: float
    hold_for: float
    stale_after: float = 60.0
    held: float = 0.0  # seconds
    since: float | None = None  # time of the last sample, if that was at or above the level
    last: float | None = None  # time of the last update
    missing: int = 0
    fired: bool = False

    def __post_init__(self) -> None:
        if self.hold_for <= 0 or self.stale_after <= 0:
            raise ValueError(f"hold_for and stale_after must be above 0 s, not {self.hold_for} and {self.stale_after}")

    def update(self, at: float, value: float | None) -> "HeldGauge":
        """Return the state after a sample, or None for one that is missing, at a monotonic time `at` (seconds).

        Raises `ValueError` when time runs backwards.
        """
        if self.last is not None and at < self.last:
            raise ValueError(f"a sample at {at} s follows one at {self.last} s: use a monotonic clock")
        if value is None:
            return replace(self, last=at, since=None, missing=self.missing + 1)
        if value < self.level:
            return replace(self, last=at, since=None, held=0.0)
        covered = self.since is not None and at - self.since <= self.stale_after
        held = self.held + (at - self.since if covered and self.since is not None else 0.0)
        return replace(self, last=at, since=at, held=held, fired=self.fired or held >= self.hold_for)
