"""The watch on a terminal, live: each trigger's evidence on its way to the threshold, and what is still needed."""

import math
from collections import deque
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from postflight.report.terminal import plain
from postflight.signals.clock import Clock
from postflight.stats.control import Call
from postflight.watch.gauge import GaugeTrigger
from postflight.watch.health import HealthTrigger
from postflight.watch.ledger import Header
from postflight.watch.sequential import SUSPICION, SequentialTrigger
from postflight.watch.state import Record, Trigger, WatchState
from postflight.watch.words import clock_time, duration, needed, percentile, share_of

WIDTH = 24  # characters of a scale
SPARKS = "▁▂▃▄▅▆▇█"
_SPARKLINE = 40  # blocks
_PER_SECOND = 4  # refreshes


class View:
    """The screen. `screen()` is what it shows; `live()` shows it."""

    def __init__(self, header: Header, clock: Clock, origin: float, state: WatchState) -> None:
        self._header = header
        self._clock = clock
        self._origin = origin
        self._state = state
        self._notes: tuple[str, ...] = ()
        self._slowest: deque[float] = deque(maxlen=_SPARKLINE)
        self._latest: tuple[float, ...] = ()

    def live(self, console: Console) -> Live:
        """Return the display, to be used as a context manager."""
        return Live(get_renderable=self.screen, console=console, refresh_per_second=_PER_SECOND)

    def block(self, record: Record, state: WatchState, seconds: Sequence[float]) -> None:
        """Take one more block."""
        self._state, self._notes = state, record.seen.notes
        if seconds:
            self._latest = tuple(sorted(seconds))
            self._slowest.append(percentile(self._latest, 0.95))

    def screen(self) -> RenderableType:
        """Return everything as it is now."""
        parts: list[RenderableType] = [self._heading(), Text(), self._triggers()]
        if self._slowest:
            parts += [Text(), self._latency()]
        if self._state.calls or self._notes:
            parts.append(Text())
        for called in self._state.calls:
            style = "bold red" if called.judgement.call is Call.ACT else "bold yellow"
            parts.append(
                plain(
                    f"{clock_time(called.number * self._state.plan.block)}  {called.trigger}: "
                    f"{called.judgement.reason}",
                    style,
                )
            )
        parts += [plain(note, "dim") for note in self._notes]
        return Group(*parts)

    def _heading(self) -> RenderableType:
        plan = self._state.plan
        passed = min(max(0.0, self._clock.now() - self._origin), plan.duration)
        table = Table.grid(padding=(0, 2))
        table.add_row(
            plain(f"Watching {self._header.base_url}", "bold"),
            Text(f"{clock_time(passed)} of {clock_time(plan.duration)}", no_wrap=True),
            ProgressBar(plan.duration, passed, width=WIDTH, complete_style="cyan", finished_style="cyan"),
        )
        about = f"{self._header.platform}/{self._header.environment}, blocks of {duration(plan.block)}"
        beside = f", control {self._header.control_url}" if self._header.control_url else ""
        return Group(table, plain(f"{about}, false rollbacks at most {plan.alpha * 100:g} %{beside}", "dim"))

    def _triggers(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("trigger", no_wrap=True)
        table.add_column(Text(f"{'kept':<{WIDTH // 2 - 1}} 1 {'broken':>{WIDTH // 2 - 2}}"), no_wrap=True, width=WIDTH)
        table.add_column("evidence", justify="right", no_wrap=True)
        table.add_column("bad", justify="right", no_wrap=True)
        table.add_column("still needed")
        for name, trigger in self._state.triggers.items():
            style = "bold red" if trigger.must_act else "bold yellow" if trigger.call else ""
            picture, evidence = _evidence(trigger)
            table.add_row(plain(name, style), picture, evidence, Text(share_of(trigger)), plain(needed(trigger), style))
        return table

    def _latency(self) -> Text:
        low, high = min(self._slowest), max(self._slowest)
        step = (high - low) / (len(SPARKS) - 1) or 1.0
        line = "".join(SPARKS[round((value - low) / step)] for value in self._slowest)
        now = f"{duration(percentile(self._latest, 0.5))} median, {duration(percentile(self._latest, 0.95))} p95"
        return Text.assemble(("p95 of each block  ", "dim"), (line, "cyan"), ("  now ", "dim"), now)


def _evidence(trigger: Trigger) -> tuple[Text, Text]:
    """Return a picture of how far a trigger is, and the same in figures."""
    match trigger:
        case SequentialTrigger():
            test = trigger.breaks
            return scale(trigger), Text(f"{test.evidence:.2g} of {test.test.threshold:.3g}")
        case HealthTrigger():
            failing = {name: streak.in_a_row for name, streak in trigger.streaks.items() if streak.in_a_row}
            worst = max(failing.values(), default=0)
            passing = f"{len(trigger.streaks) - len(failing)} of {len(trigger.streaks)} endpoints pass"
            return Text(passing, "red" if failing else "green"), Text(f"{worst} of {trigger.rule.failures} in a row")
        case GaugeTrigger():
            value = "missing" if trigger.value is None else f"{trigger.value:.3g} of {trigger.rule.at_least:g}"
            held = f"{trigger.held.held:.0f} of {trigger.rule.hold_for:g} s"
            return Text(value, "yellow" if trigger.held.held or trigger.value is None else "green"), Text(held)


def scale(trigger: SequentialTrigger) -> Text:
    """Return the evidence on a log scale: from 1/threshold (the limit is kept) over 1 to the threshold (it is broken).

    The bar grows from the middle, so that a glance tells which side is winning.
    """
    test = trigger.breaks
    place = (test.log_evidence / math.log(test.test.threshold) + 1) / 2
    end, middle = round(min(max(place, 0.0), 1.0) * WIDTH), WIDTH // 2
    style = "red" if test.fired else "yellow" if test.evidence > SUSPICION else "green"
    text = Text()
    for cell in range(WIDTH):
        filled = min(end, middle) <= cell < max(end, middle)
        text.append("█" if filled else "│" if cell == middle else "─", style if filled else "bright_black")
    return text
