"""Decide a watch again from its ledger. No I/O but reading the lines that are given."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from postflight.errors import CannotMeasure
from postflight.model import Decision, Verdict
from postflight.watch.conclude import conclude
from postflight.watch.ledger import ActionLine, BlockLine, CallLine, Header, Line, VerdictLine
from postflight.watch.state import Called, WatchState


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out. `ended` is False for the ledger of a watch that was killed: its verdict is that of its blocks."""

    header: Header
    state: WatchState
    verdict: Verdict
    ended: bool
    actions: tuple[ActionLine, ...] = ()  # what was done about the verdict


def replay(lines: Iterable[tuple[int, Line]]) -> Replayed:
    """Recompute every state, call and verdict of a ledger, and compare each with what it says, to the last digit.

    Raises `CannotMeasure` that names the first line that differs, what it says and what follows from its blocks.
    """
    numbered = iter(lines)
    header = next((line for _, line in numbered), None)
    if not isinstance(header, Header):
        raise CannotMeasure("a ledger begins with a header, and this file does not")
    try:
        state = WatchState.start(header.plan, with_control=header.control_url is not None)
    except ValueError as error:
        raise CannotMeasure(f"line 1: the header's plan cannot be: {error}") from error
    waiting: list[Called] = []
    for number, line in numbered:
        match line:
            case BlockLine():
                _expect(number, "calls after the block before", [], waiting)
                before = len(state.calls)
                state = _updated(number, state, line)
                waiting = list(state.calls[before:])
            case CallLine():
                called = waiting.pop(0) if waiting else None
                _expect(number, "call", line, called and call_line(called))
            case VerdictLine():
                _expect(number, "calls before the verdict", [], waiting)
                verdict = _conclude(header, state, interrupted=line.interrupted)
                _expect(number, "verdict", line, verdict_line(verdict, interrupted=line.interrupted))
                return Replayed(header, state, verdict, ended=True, actions=_actions(numbered, verdict))
            case ActionLine():
                raise CannotMeasure(f"line {number}: an action before the verdict")
            case Header():
                raise CannotMeasure(f"line {number}: a second header; a ledger is of one watch")
    return Replayed(header, state, _conclude(header, state, interrupted=True), ended=False)


def _actions(numbered: Iterator[tuple[int, Line]], verdict: Verdict) -> tuple[ActionLine, ...]:
    """Return what follows the verdict: nothing but actions, and those after a rollback only."""
    actions: list[ActionLine] = []
    for number, line in numbered:
        if not isinstance(line, ActionLine):
            raise CannotMeasure(f"line {number}: only actions follow the verdict")
        if verdict.decision is not Decision.ROLLBACK:
            raise CannotMeasure(f"line {number}: an action, though the verdict is {verdict.decision.value}")
        actions.append(line)
    return tuple(actions)


def call_line(called: Called) -> CallLine:
    """Return the line of a call."""
    judgement = called.judgement
    return CallLine("call", called.number, called.trigger, called.do, judgement.call, judgement.reason)


def verdict_line(verdict: Verdict, *, interrupted: bool) -> VerdictLine:
    """Return the line of the verdict."""
    return VerdictLine("verdict", verdict.decision, interrupted, tuple(reason.text for reason in verdict.reasons))


def _updated(number: int, state: WatchState, line: BlockLine) -> WatchState:
    try:
        state = state.update(line.record)
    except ValueError as error:
        raise CannotMeasure(f"line {number}: {error}") from error
    _expect(number, "evidence", dict(line.digits), state.digits)
    return state


def _conclude(header: Header, state: WatchState, *, interrupted: bool) -> Verdict:
    return conclude(state, header.left_out, may_roll_back=header.known, interrupted=interrupted)


def _expect(number: int, what: str, said: object, found: object) -> None:
    if said != found:
        raise CannotMeasure(f"line {number}: its {what} is not what follows from the blocks: {said}, but {found}")
