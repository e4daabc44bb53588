"""The control arm: the previous deployment, probed alongside, block by block.

When it breaks too, it is not the new deployment that fails but something both need, and rolling back mends nothing:
hold. The two errors do not cost the same. A hold asks a person; a rollback into an outage makes one more change
during it. So the control counts as broken from much less evidence (`doubt`, 5 %) than the deployment does (alpha).
"""

from dataclasses import dataclass
from enum import StrEnum

from postflight.stats.eprocess import State


class Call(StrEnum):
    """What a trigger asks for now."""

    WAIT = "wait"  # not fired
    ACT = "act"
    HOLD = "hold"  # fired, but acting is not justified


@dataclass(frozen=True, slots=True)
class Judgement:
    """A call and the reason, in one sentence for a person."""

    call: Call
    reason: str


def judge(candidate: State, control: State | None, *, doubt: float = 0.05) -> Judgement:
    """Return what follows from a trigger's state, and its control's where there is one (same test, same blocks).

    A healthy control is taken for a broken one with a probability of at most `doubt`, over the whole watch (Ville). An
    unreachable control answers with bad requests, not with missing blocks; a control that was not measured is a hold.
    Raises `ValueError` when the two were not fed the same number of blocks.
    """
    if not candidate.fired:
        return Judgement(Call.WAIT, f"evidence {candidate.evidence:.3g} of {candidate.test.threshold:.3g}")
    found = f"more than {candidate.test.factors.limit * 100:.4g} % bad (evidence {candidate.evidence:.3g})"
    if control is None:
        return Judgement(Call.ACT, found)
    if control.blocks != candidate.blocks:
        raise ValueError(
            f"the control has seen {control.blocks} blocks, the deployment {candidate.blocks}: feed both alike"
        )
    if control.last is None or control.missing_in_a_row:
        return Judgement(
            Call.HOLD, f"{found}, but the control was not measured: is it this deployment or what it depends on?"
        )
    if control.fired or control.evidence >= 1 / doubt:
        return Judgement(
            Call.HOLD, f"{found}, but the previous deployment breaks too (evidence {control.evidence:.3g})"
        )
    return Judgement(Call.ACT, f"{found}, and the previous deployment does not break (evidence {control.evidence:.3g})")
