"""From the ledgers of all processes of the contract stage to what the run says of itself: what it sent, what it left.

Each process counts what passes its own transport. A worker hands its ledger in when it ends, the controller adds up.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from postflight.contract.ledger import Ledger
from postflight.model import Finding, Measurement, OnBreach, Status, Unit
from postflight.pytest_plugin.run import Run
from postflight.pytest_plugin.state import LEDGER

STAGE = "contract"
SENT, LEFT = "contract-requests", "contract-leftovers"  # ids of checks
_OUTPUT = "postflight-ledger"  # in what xdist carries from a worker that ends
_MOST_TOLD = 3  # of what was left, in a summary; the details have all
_MEASURED = (Status.GOOD, Status.BAD, Status.FLAKY, Status.UNKNOWN)


class Ledgers:
    """Gathers the ledgers of a run's processes. Registered in each of them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._handed_in: list[Ledger] = []
        self._silent: list[str] = []  # workers that died with theirs

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker hands in. xdist calls this for each, before the session of the controller ends."""
        output = getattr(node, "workeroutput", None)
        if output is None:
            self._silent.append(str(node.gateway.id))
        elif _OUTPUT in output:
            self._handed_in.append(Ledger.from_json(output[_OUTPUT]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand in, or tell of all: before the run decides."""
        own = session.config.stash.get(LEDGER, None)
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output |= {_OUTPUT: own.as_json()} if own else {}
            return
        ledgers = [*self._handed_in, *([own] if own else [])]
        found = self._run.collector.findings()
        # these two measure the run, not the deployment: where nothing else was measured they must not make it green
        if ledgers and any(one.status in _MEASURED for one in found if one.check != "preflight"):
            for finding in tell(self._run, ledgers, self._silent):
                self._run.collector.add(finding)


def tell(run: Run, ledgers: Sequence[Ledger], silent: Sequence[str]) -> tuple[Finding, Finding]:
    """Return what was sent and what was left, by those that handed in a ledger; `silent` are workers that died."""
    whole = Ledger.sum(ledgers)
    of = f"{len(ledgers)} process{'es' if len(ledgers) > 1 else ''}"
    if silent:
        of += f"; {', '.join(silent)} died and took the count along"
    return _sent(run, whole, of), _left(run, whole, of)


def _sent(run: Run, whole: Ledger, of: str) -> Finding:
    allowed = run.deployment.permissions.may_fuzz or not whole.unmarked_writes
    reasons = "\n".join(f"{count} x {reason}" for reason, count in whole.refused.most_common())
    broken = "" if allowed else f"{whole.unmarked_writes} requests were sent that are not allowed here. "
    return Finding(
        check=SENT,
        stage=STAGE,
        status=Status.GOOD if allowed else Status.INVALID,
        title="What the contract stage has sent and what its transport has refused, by method",
        summary=f"{broken}sent {_counts(whole.sent)}; refused {_counts(whole.withheld)} ({of})",
        where=run.deployment.base_url,
        measurements=tuple(
            Measurement("contract.requests", (count,), Unit.COUNT, method)
            for method, count in sorted(whole.sent.items())
        ),
        details=run.redactor.text(f"Refused:\n{reasons}" if reasons else ""),
    )


def _left(run: Run, whole: Ledger, of: str) -> Finding:
    """Nobody's clients notice what a run leaves: it is shown, and decides nothing."""
    told = "; ".join(whole.left[:_MOST_TOLD])
    more = whole.left_in_all - min(len(whole.left), _MOST_TOLD)
    told += f"; and {more} more" if more else ""
    command = f"postflight cleanup --environment {run.deployment.environment} --run {run.run_id}"
    remedy = f"`{command}` removes what bears the run's name; the rest is to be removed by hand"
    summary = f"{whole.left_in_all} could not be removed: {told}. {remedy}" if whole.left_in_all else f"nothing ({of})"
    return Finding(
        check=LEFT,
        stage=STAGE,
        status=Status.BAD if whole.left_in_all else Status.GOOD,
        on_breach=OnBreach.WARN,
        title="What the contract stage has created and could not remove",
        summary=run.redactor.text(summary),
        expected="all that was created is removed again",
        seen=f"{whole.left_in_all} left ({of})",
        where=run.deployment.base_url,
        rerun=command if whole.left_in_all else "",
        details=run.redactor.text("\n".join(whole.left)),
    )


def _counts(requests: Counter[str]) -> str:
    told = ", ".join(f"{method} {count}" for method, count in sorted(requests.items()))
    return f"{requests.total()} ({told})" if told else "none"
