"""From the state of a watch to its verdict. No I/O."""

from collections.abc import Sequence
from dataclasses import replace

from postflight.model import OnBreach, Status, Verdict
from postflight.verdict import decide
from postflight.watch.finding import finding
from postflight.watch.plan import LeftOut
from postflight.watch.state import WatchState


def conclude(
    state: WatchState, left_out: Sequence[LeftOut], *, may_roll_back: bool, interrupted: bool = False
) -> Verdict:
    """Return the verdict of a watch that has ended: decided, after its last block, or interrupted.

    An interrupted watch promotes only on evidence that holds at any time; see `SequentialTrigger.finding`.
    """
    complete = not interrupted and state.blocks == state.plan.blocks
    findings = [trigger.finding(complete=complete) for trigger in state.triggers.values()]
    if state.decided:  # what else is unknown has no weight beside it, and would only hide it
        findings = [
            replace(found, on_breach=OnBreach.WARN) if found.status is Status.UNKNOWN else found for found in findings
        ]
    findings += [
        replace(finding(each.name, "to be watched"), status=Status.EXCLUDED, summary=each.why) for each in left_out
    ]
    return decide(findings, planned=[found.check for found in findings], may_roll_back=may_roll_back)
