"""What a rollback came to, and its own verdict. No I/O."""

from dataclasses import dataclass

from postflight.model import Finding, OnBreach, Status, Verdict
from postflight.rollback.model import Outcome, Stage
from postflight.verdict import decide

STAGE = "rollback"


@dataclass(frozen=True, slots=True)
class Done:
    """What it came to.

    `release` is what serves now, empty where that was not seen; `accepted_after` is in seconds from the decision.
    `again`: all of it was done before, and the judged release serves again. Nothing was sent; a person decides.
    """

    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...] = ()
    release: str = ""
    accepted_after: float | None = None
    again: bool = False

    @property
    def accepted(self) -> bool:
        """Whether every action was accepted. Nothing to do is not accepted."""
        stages = {outcome.stage for outcome in self.outcomes}
        return bool(stages) and stages <= {Stage.ACCEPTED, Stage.VERIFIED}

    @property
    def verdict(self) -> Verdict:
        """The verdict of the rollback itself: promote when it is good. It never asks for another; a person looks."""
        found = (*(self._finding(outcome) for outcome in self.outcomes), *self.findings)
        return decide(found, planned=[finding.check for finding in found], may_roll_back=False)

    def _finding(self, outcome: Outcome) -> Finding:
        status, summary = Status.GOOD, "the provider says that it is done"
        match outcome.stage:
            case Stage.ACCEPTED if self.release:
                summary = f"it was accepted, and {self.release} serves"
            case Stage.ACCEPTED:
                status, summary = Status.UNKNOWN, "it was accepted, and nobody could say that it was done"
            case Stage.VERIFIED:
                pass
            case Stage.UNCLEAR:
                status, summary = Status.UNKNOWN, outcome.evidence
            case _:
                status, summary = Status.BAD, outcome.evidence or "it was not done"
        return finding(f"rollback {outcome.action}", status, summary, seen=outcome.evidence, expected=outcome.says)


def finding(check: str, status: Status, summary: str, *, expected: str = "", seen: str = "") -> Finding:
    """Return a finding about a rollback. What is not good asks for a person, never for another rollback."""
    return Finding(
        check=check,
        stage=STAGE,
        status=status,
        title=check.capitalize(),
        on_breach=OnBreach.HOLD,
        summary=summary,
        expected=expected,
        seen=seen,
    )
