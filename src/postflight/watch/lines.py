"""The watch where there is no terminal: one line a block for people, or the ledger's own lines for machines."""

from collections.abc import Sequence

from rich.console import Console

from postflight.report.terminal import plain
from postflight.stats.control import Call
from postflight.watch.gauge import GaugeTrigger
from postflight.watch.health import HealthTrigger
from postflight.watch.sequential import SequentialTrigger
from postflight.watch.state import Record, Trigger, WatchState
from postflight.watch.words import clock_time, duration, percentile


class Lines:
    """Prints each block in one line, each call and each new trouble in one of its own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: frozenset[str] = frozenset()

    def block(self, record: Record, state: WatchState, seconds: Sequence[float]) -> None:
        """Print one more block."""
        parts = [f"{name} {_short(trigger)}," for name, trigger in state.triggers.items()]
        if seconds:
            parts.append(f"p95 {duration(percentile(tuple(sorted(seconds)), 0.95))}")
        self._print(f"{clock_time(record.end)}  {'  '.join(parts)}")
        for note in record.seen.notes:
            if _what(note) not in self._said:  # the same trouble is said again when it has been gone for a block
                self._print(f"       {note}", "yellow")
        self._said = frozenset(map(_what, record.seen.notes))
        for called in state.calls:
            if called.number == record.number:
                style = "bold red" if called.judgement.call is Call.ACT else "bold yellow"
                self._print(f"{clock_time(record.end)}  {called.trigger}: {called.judgement.reason}", style)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(plain(text, style), soft_wrap=True)


def _what(note: str) -> str:
    """Return a note without its count."""
    return note.partition(" (")[0]


def _short(trigger: Trigger) -> str:
    match trigger:
        case SequentialTrigger():
            test = trigger.breaks
            return f"{test.bad}/{test.requests} evidence {test.evidence:.2g}/{test.test.threshold:.3g}"
        case HealthTrigger():
            worst = max((streak.in_a_row for streak in trigger.streaks.values()), default=0)
            return f"{worst}/{trigger.rule.failures}"
        case GaugeTrigger():
            return "missing" if trigger.value is None else f"{trigger.value:.3g}/{trigger.rule.at_least:g}"
