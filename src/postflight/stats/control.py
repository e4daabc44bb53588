"""The control arm: the previous deployment, probed alongside, block by block.

When it breaks too, it is not the new deployment that fails but something both need, and rolling back mends nothing:
hold. The two errors do not cost the same. A hold asks a person; a rollback into an outage makes one more change
during it. So the control counts as broken from much less evidence than the deployment does: when its evidence exceeds
1, that is, when its requests speak more for a broken limit than against it. (Both start at 1/2, and a healthy
control's evidence falls.)

Simulated, in mid-watch and with a limit of 5 %: an outage that both share is held in 100 % of all cases with 1000
requests per block and arm; with 200, in 98 % when errors are at 10 %, 89 % at 8 %; with 50, in 85 % and 82 %. A control
at 1 % is never taken for broken, one at 4 % in 1 % of all watches.
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


def judge(candidate: State, control: State | None, *, suspicion: float = 1.0) -> Judgement:
    """Return what follows from a trigger's state, and its control's where there is one (same test, same blocks).

    `suspicion` is the evidence above which the control counts as broken. An unreachable control is one with bad
    requests, not with missing blocks; a control that was not measured is a hold. Raises `ValueError` when the two were
    not fed the same number of blocks.
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
    if control.fired or control.evidence > suspicion:
        return Judgement(
            Call.HOLD, f"{found}, but the previous deployment breaks too (evidence {control.evidence:.3g})"
        )
    return Judgement(Call.ACT, f"{found}, and the previous deployment does not break (evidence {control.evidence:.3g})")
