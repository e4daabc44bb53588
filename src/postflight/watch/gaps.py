"""Blocks in which a signal was missing, and what that means in the end. No I/O."""

from dataclasses import dataclass
from dataclasses import replace as changed

from postflight.model import Finding, OnBreach, Status
from postflight.signals.reading import Fault, Missing

STOPPED = 3  # blocks in a row without data: the signal has stopped


@dataclass(frozen=True, slots=True)
class Gaps:
    """How many blocks of one signal were missing, how many of them at the end, and why the last of them was."""

    blocks: int = 0
    total: int = 0
    in_a_row: int = 0
    last: Missing | None = None

    def update(self, missing: Missing | None) -> "Gaps":
        """Return the gaps after one more block, which was missing or not (None)."""
        if missing is None:
            return changed(self, blocks=self.blocks + 1, in_a_row=0)
        return Gaps(self.blocks + 1, self.total + 1, self.in_a_row + 1, missing)

    @property
    def stopped(self) -> bool:
        """Whether nothing has come for so long that one cannot say how it is now."""
        return self.in_a_row >= STOPPED

    @property
    def note(self) -> str:
        """A remark for a sentence, empty when nothing was missing."""
        return f"; {self.total} of {self.blocks} blocks were missing ({self.last.reason})" if self.last else ""

    def trouble(self, base: Finding) -> Finding | None:
        """Return the finding for a signal that was never there, stopped, or was missing in most blocks; else None.

        A signal that somebody else should have given is a hold; what this runner could not measure is invalid, and so
        is nothing at all.
        """
        if self.blocks == 0:
            return changed(base, status=Status.INVALID, summary="not one block was measured")
        if self.last is None:
            return None
        never = self.total == self.blocks
        if never:
            said = f"nothing was measured in {self.blocks} blocks: {self.last.reason}"
        elif self.stopped:
            said = f"the signal stopped: nothing in the last {self.in_a_row} blocks: {self.last.reason}"
        elif 2 * self.total > self.blocks:
            said = f"only {self.blocks - self.total} of {self.blocks} blocks were measured: {self.last.reason}"
        else:
            return None
        if never or self.last.fault is Fault.RUNNER:
            return changed(base, status=Status.INVALID, summary=said)
        return changed(base, status=Status.UNKNOWN, on_breach=OnBreach.HOLD, summary=said)
