"""The whole rollback (VIB-R1): the earlier release exists -> act -> wait until it serves -> smoke tests -> tell people.

Acting comes before anything slow. What comes after it can fail without undoing or delaying it: it is told.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from postflight.config.rollback import Part
from postflight.errors import PostflightError
from postflight.model import Decision, Finding, Status
from postflight.rollback.actions.facts import key_of
from postflight.rollback.done import Done, finding
from postflight.rollback.ledger import ActionLedger, Busy, History, folder_of, locked, read_history
from postflight.rollback.model import Action, Case, Outcome, Stage, Standing
from postflight.rollback.notify.message import Phase
from postflight.rollback.notify.tell import Teller
from postflight.rollback.once import Actor
from postflight.rollback.serving import Serving

PATIENCE = 60.0  # seconds that one waits for somebody else who acts
BETWEEN = 0.5  # seconds between two questions whether it is done
_SWITCHING = {Part.FULL, Part.FRONTEND}  # parts whose rollback changes which release the front says that it is
_SENT = {Stage.SENT, Stage.UNCLEAR, Stage.ACCEPTED, Stage.VERIFIED}  # it may have been done
_SETTLED = {Stage.ACCEPTED, Stage.VERIFIED, Stage.REFUSED, Stage.UNCLEAR}

Say = Callable[[str, str], None]  # a line, and its style


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done: the case's actions in order, all others that are configured, and what follows.

    `wait` is in seconds. `smoke` None: no smoke tests are configured.
    """

    case: Case
    actions: Sequence[Action]
    others: Sequence[Action]
    state: Path
    wait: float
    serving: Serving
    smoke: Callable[[], tuple[Finding, ...]] | None
    teller: Teller
    keep_open: Callable[[int], None]  # is given the lock's descriptor, for what may outlive us
    may_send: bool = True  # False: the decision is too old; what was sent is asked for, and nothing is sent

    @property
    def switching(self) -> tuple[Action, ...]:
        """The actions after which another release must serve."""
        return tuple(action for action in self.actions if action.about.part in _SWITCHING)


def roll_back(plan: Plan, say: Say) -> Done:
    """Do all of it, and return what it came to.

    Raises `CannotMeasure` when nothing could be begun: a state folder or ledger that cannot be used, or another run
    that acts and comes to no end.
    """
    decided = time.monotonic()
    folder = folder_of(plan.state, plan.case)
    try:
        with _patiently_locked(folder, plan) as ledger:
            return _Rollback(plan, ledger, say).run(decided)
    except Busy as busy:
        done = _by_another(plan, read_history(folder))
        if done is None:
            raise
        say(f"{busy}: it has acted, and goes on with the rest", "yellow")
        return done


def dry_run(plan: Plan, say: Say) -> Done:
    """Say what would be done, and do nothing but look up the earlier release."""
    outcomes = []
    for action in plan.actions:
        try:
            says = action.plan(plan.case).says
            say(f"would do: {action.about.name}: {says}", "")
            outcomes.append(Outcome(action.about.name, Stage.INTENT, says))
        except PostflightError as error:
            say(f"could not do: {action.about.name}: {error}", "red")
            outcomes.append(Outcome(action.about.name, Stage.REFUSED, "", str(error)))
    for line in plan.teller.would(plan.case):
        say(f"would tell: {line}", "")
    return Done(tuple(outcomes))


class _Rollback:
    """One run, behind the lock."""

    def __init__(self, plan: Plan, ledger: ActionLedger, say: Say) -> None:
        self._plan = plan
        self._ledger = ledger
        self._say = say
        alone = len(plan.switching) == 1 and bool(plan.case.serves)
        self._proof = plan.serving if alone else None  # with several, nobody knows which of them switched
        self._actor = Actor(plan.case, ledger, self._proof, may_send=plan.may_send)

    def run(self, decided: float) -> Done:
        self._plan.keep_open(self._ledger.lock)
        self._ledger.begin(self._plan.case)
        with _unhurried():
            done = Done(self._act())
        if done.accepted:
            done = replace(done, accepted_after=time.monotonic() - decided)
        for outcome in done.outcomes:
            by = f" (by run {outcome.by})" if outcome.by else ""
            style = "bold green" if outcome.stage in {Stage.ACCEPTED, Stage.VERIFIED} else "bold red"
            self._say(f"{outcome.stage.value}{by}: {outcome.action}: {outcome.evidence}", style)
        if self._ledger.history.is_ended and all(outcome.by for outcome in done.outcomes):
            return self._done_before(done)
        told = self._tell(Phase.ACTED, done)
        if any(outcome.stage in {Stage.ACCEPTED, Stage.VERIFIED} for outcome in done.outcomes):
            done = self._verified(done)
        if done.accepted and self._plan.smoke is not None:
            self._say("smoke tests on the release that serves now", "")
            done = replace(done, findings=(*done.findings, *self._plan.smoke()))
            self._ledger.event("smoke", text=done.verdict.decision.value)
        told += self._tell(Phase.ENDED, done)
        self._ledger.event("ended", text=done.verdict.decision.value)
        return replace(done, findings=(*done.findings, *told))

    def _done_before(self, done: Done) -> Done:
        """Return what another run has done and told. When the judged release serves again, that is for a person."""
        back = [outcome for outcome in done.outcomes if self._is_back(outcome)]
        if not back:
            serves, ended = self._ledger.history.event("serves"), self._ledger.history.event("ended")
            done = replace(done, release=serves.text if serves else "")
            if ended is None or ended.text == Decision.PROMOTE.value:
                return done
            words = f"run {ended.run_id} has done it, and ended with {ended.text}: see its report"
            return replace(done, findings=(finding("rollback before", Status.BAD, words),))
        case = self._plan.case
        words = (
            f"{case.release} serves again, although run {back[0].by} rolled it back: somebody has put it back, and"
            " nothing was sent; a person decides. To roll it back once more, give this deployment of it a name of its"
            " own: --release"
        )
        self._say(words, "bold red")
        done = replace(done, findings=(finding("rollback holds", Status.BAD, words, seen=case.serves),), again=True)
        return replace(done, findings=(*done.findings, *self._tell(Phase.AGAIN, done)))

    def _is_back(self, outcome: Outcome) -> bool:
        """Tell whether what an action left is live again: by what serves, and if nobody knows that by its provider."""
        plan = self._plan
        action = next((each for each in plan.actions if each.about.name == outcome.action), None)
        if action is None:
            return False
        if action in plan.switching and plan.case.serves:
            return plan.serving.standing(plan.case.serves) is Standing.BEFORE
        return self._standing(action) is Standing.BEFORE

    def _act(self) -> tuple[Outcome, ...]:
        plan, history = self._plan, self._ledger.history
        sent = any((last := history.last(action.about.name)) and last.stage in _SENT for action in plan.actions)
        if not sent and (other := self._switched_already()):
            words = f"{other} serves, not {plan.case.serves}, which was judged: somebody has switched already"
            return tuple(Outcome(action.about.name, Stage.REFUSED, "", words) for action in plan.actions)
        dangling = set(history.dangling()) - {action.about.name for action in plan.actions}
        outcomes = [self._actor.act(action) for action in plan.others if action.about.name in dangling]
        for action in plan.actions:
            outcome = self._actor.act(action)
            outcomes.append(outcome)
            if action.about.pause and outcome.stage is Stage.ACCEPTED and not outcome.by:
                time.sleep(action.about.pause)
        return tuple(outcomes)

    def _switched_already(self) -> str:
        return self._plan.serving.other_now(self._plan.case.serves) if self._plan.case.serves else ""

    def _verified(self, done: Done) -> Done:
        """Wait until another release serves, and until each provider says that it is done."""
        plan, until = self._plan, time.monotonic() + self._plan.wait
        release, findings = "", done.findings
        if plan.case.serves and plan.switching:
            release = plan.serving.wait_until_other(plan.case.serves, deadline=plan.wait)
            self._ledger.event("serves", text=release)
            findings = (*findings, _serves(plan, release))
            self._say(findings[-1].summary, "green" if release else "bold red")
        waiting = {outcome.action for outcome in done.outcomes if outcome.stage is Stage.ACCEPTED}
        actions = {action.about.name: action for action in (*plan.actions, *plan.others)}
        while True:
            for name in sorted(waiting):
                standing = self._standing(actions[name])
                if standing is Standing.AFTER or (standing is Standing.UNKNOWN and release):
                    waiting.remove(name)
                    if standing is Standing.AFTER:
                        self._verify(name, key_of(plan.case, name))
            if not waiting or time.monotonic() >= until:
                break
            time.sleep(BETWEEN)
        verified = tuple(
            replace(outcome, stage=last.stage)
            if (last := self._ledger.history.last(outcome.action)) and outcome.stage is Stage.ACCEPTED
            else outcome
            for outcome in done.outcomes
        )
        return replace(done, outcomes=verified, findings=findings, release=release)

    def _standing(self, action: Action) -> Standing:
        last = self._ledger.history.last(action.about.name)
        key = key_of(self._plan.case, action.about.name)
        return Standing.UNKNOWN if last is None else self._actor.standing(action, last.move, key)

    def _verify(self, name: str, key: str) -> None:
        last = self._ledger.history.last(name)
        if last is not None:
            self._ledger.step(name, Stage.VERIFIED, last.move, key, last.text)

    def _tell(self, phase: Phase, done: Done) -> tuple[Finding, ...]:
        try:
            return self._plan.teller.tell(self._plan.case, phase, done, self._ledger, self._say)
        except PostflightError as error:  # whatever it is, it undoes nothing
            self._say(f"people could not be told: {error}", "bold red")
            return (finding("rollback notifications", Status.BAD, str(error)),)


def _serves(plan: Plan, release: str) -> Finding:
    expected = f"another release than {plan.case.serves} within {plan.wait:g} s"
    if release:
        return finding("rollback serves", Status.GOOD, f"{release} serves", expected=expected, seen=release)
    seen = plan.serving.release() or "no answer that says a release"
    words = f"after {plan.wait:g} s no other release serves steadily: {plan.serving.says} says {seen}"
    return finding("rollback serves", Status.BAD, words, expected=expected, seen=seen)


@contextlib.contextmanager
def _patiently_locked(folder: Path, plan: Plan) -> Iterator[ActionLedger]:
    """Take the lock. Raises `Busy` at once when its holder has already done what is wanted, else after `PATIENCE`."""
    until = time.monotonic() + PATIENCE
    with contextlib.ExitStack() as stack:
        while True:
            try:
                ledger = stack.enter_context(locked(folder, plan.case.run_id, deadline=0.2))
                break
            except Busy:
                if time.monotonic() >= until or _by_another(plan, read_history(folder)) is not None:
                    raise
        yield ledger


def _by_another(plan: Plan, history: History) -> Done | None:
    """Return what another run has done of all that is wanted, or None while it has not settled all of it."""
    outcomes = []
    for action in plan.actions:
        last = history.last(action.about.name)
        if last is None or last.stage not in _SETTLED:
            return None
        outcomes.append(Outcome(action.about.name, last.stage, last.move.says, last.text, last.run_id))
    return Done(tuple(outcomes)) if outcomes else None


@contextlib.contextmanager
def _unhurried() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait: between deciding and acting nobody is asked twice. Each action has its deadline."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])
