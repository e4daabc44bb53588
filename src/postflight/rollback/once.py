"""One action, done once: also when its runner is killed at any step, and when two of them want it at the same time.

| the ledger says | then it |
|---|---|
| nothing, `intent`, `refused` | was not done: plan it and do it |
| `sent`, `unclear` | may have been done: the provider is asked; only "it was not done" lets it be done again |
| `accepted`, `verified` | was done: nothing is sent |

`intent` is on the disk before the first byte could leave, and `sent` right before it does. Whoever calls this holds the
lock. When the provider cannot tell, an action is repeated only if twice is the same as once; else it stays `unclear`,
for a person to look.
"""

import time
from collections.abc import Callable

from postflight.rollback.actions.facts import key_of
from postflight.rollback.ledger import ActionLedger, StepLine
from postflight.rollback.model import Action, Case, Move, Outcome, Refused, Stage, Standing, Unclear
from postflight.rollback.serving import Serving

SETTLE = 5.0  # seconds that a provider has to know what it was asked
BETWEEN = 0.5  # seconds between two questions
ATTEMPTS = 2  # of one run
TOO_OLD = "it was decided too long ago, or about a release that is not judged any more: a person decides again"
_DONE = {Stage.ACCEPTED, Stage.VERIFIED}
_OPEN = {Stage.SENT, Stage.UNCLEAR}


class Actor:
    """Does actions for one case. `serving` is asked where the provider cannot tell; None where it proves nothing.

    `may_send` False: the decision is too old to be carried out. What was sent is asked for, and nothing is sent.
    """

    def __init__(
        self,
        case: Case,
        ledger: ActionLedger,
        serving: Serving | None,
        *,
        may_send: bool = True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._case = case
        self._ledger = ledger
        self._serving = serving
        self._may_send = may_send
        self._sleep = sleep

    def act(self, action: Action) -> Outcome:
        """Do it, unless it was done. Raises nothing but what the ledger raises: an outcome is always told."""
        last = self._ledger.history.last(action.about.name)
        if last is not None and last.stage in _DONE:
            by = "" if last.run_id == self._case.run_id else last.run_id
            return Outcome(action.about.name, last.stage, last.move.says, last.text, by)
        key = key_of(self._case, action.about.name)
        if last is not None and last.stage in _OPEN:
            return self._resolve(action, last, key)
        if not self._may_send:
            return Outcome(action.about.name, Stage.REFUSED, "", TOO_OLD)
        try:
            move = action.plan(self._case)
        except Refused as error:
            return self._note(action, Stage.REFUSED, Move(""), key, str(error))
        self._ledger.step(action.about.name, Stage.INTENT, move, key)
        return self._send(action, move, key, ATTEMPTS)

    def standing(self, action: Action, move: Move, key: str) -> Standing:
        """Ask the provider; where it cannot tell, look which release serves. The judged one there proves nothing."""
        found = action.standing(self._case, move, key)
        if found is Standing.UNKNOWN and self._serving is not None:
            seen = self._serving.standing(self._case.serves)
            return seen if seen is Standing.AFTER else Standing.UNKNOWN
        return found

    def _send(self, action: Action, move: Move, key: str, attempts: int) -> Outcome:
        self._ledger.step(action.about.name, Stage.SENT, move, key)
        try:
            evidence = action.do(self._case, move, key)
        except Refused as error:
            return self._note(action, Stage.REFUSED, move, key, str(error))
        except Unclear as error:
            return self._judge(action, move, key, self._settled(action, move, key), str(error), attempts - 1)
        return self._note(action, Stage.ACCEPTED, move, key, evidence)

    def _resolve(self, action: Action, last: StepLine, key: str) -> Outcome:
        """Find out what became of an action that somebody sent, and of which nobody knows more."""
        why = last.text or f"run {last.run_id} ended right when it was sent"
        attempts = 1 if self._may_send else 0
        return self._judge(action, last.move, key, self._settled(action, last.move, key), why, attempts)

    def _judge(self, action: Action, move: Move, key: str, found: Standing, why: str, attempts: int) -> Outcome:
        match found:
            case Standing.AFTER | Standing.UNDER_WAY:
                words = "the earlier release is live" if found is Standing.AFTER else "it is under way"
                return self._note(action, Stage.ACCEPTED, move, key, f"asked afterwards: {words} ({why})")
            case Standing.BEFORE if attempts > 0:
                return self._send(action, move, key, attempts)
            case Standing.BEFORE:
                return self._note(action, Stage.REFUSED, move, key, f"{why}; asked afterwards: it was not done")
            case Standing.ELSEWHERE:
                words = "asked afterwards: something else is live, so somebody has switched since; a person must look"
                return self._note(action, Stage.UNCLEAR, move, key, f"{why}; {words}")
        if action.repeats and attempts > 0:
            return self._send(action, move, key, attempts)
        asked = "the provider cannot tell whether it was done, so it is not repeated: a person must look"
        return self._note(action, Stage.UNCLEAR, move, key, f"{why}; {asked}")

    def _settled(self, action: Action, move: Move, key: str) -> Standing:
        """Ask until the answer is clear: right after a request a provider may not know of it yet."""
        until = time.monotonic() + SETTLE
        while True:
            found = self.standing(action, move, key)
            if found in {Standing.AFTER, Standing.UNDER_WAY} or time.monotonic() >= until:
                return found
            self._sleep(BETWEEN)

    def _note(self, action: Action, stage: Stage, move: Move, key: str, text: str) -> Outcome:
        self._ledger.step(action.about.name, stage, move, key, text)
        return Outcome(action.about.name, stage, move.says, text)
