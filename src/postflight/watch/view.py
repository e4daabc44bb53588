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

WIDTH = 30  # characters of a scale
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
            Text(f"{clock_time(passed)} of {clock_time(plan.duration)}"),
            ProgressBar(plan.duration, passed, width=WIDTH),
        )
        about = f"{self._header.platform}/{self._header.environment}, blocks of {duration(plan.block)}"
        beside = f", control {self._header.control_url}" if self._header.control_url else ""
        return Group(table, plain(f"{about}, false rollbacks at most {plan.alpha * 100:g} %{beside}", "dim"))

    def _triggers(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for title in ("trigger", "keeps  ◂  evidence  ▸  fires", "bad", "still needed"):
            table.add_column(Text(title), no_wrap=True)
        for name, trigger in self._state.triggers.items():
            table.add_row(*_row(name, trigger))
        return table

    def _latency(self) -> Text:
        low, high = min(self._slowest), max(self._slowest)
        step = (high - low) / (len(SPARKS) - 1) or 1.0
        line = "".join(SPARKS[round((value - low) / step)] for value in self._slowest)
        now = f"p50 {duration(percentile(self._latest, 0.5))}  p95 {duration(percentile(self._latest, 0.95))}"
        return Text.assemble(("response times  ", "dim"), (line, "cyan"), f"  {now}", ("  (p95 of each block)", "dim"))


def _row(name: str, trigger: Trigger) -> tuple[RenderableType, ...]:
    style = "bold red" if trigger.must_act else "bold yellow" if trigger.call else ""
    match trigger:
        case SequentialTrigger():
            evidence = Text.assemble(scale(trigger), f" {trigger.breaks.evidence:>7.2g}")
            return plain(name, style), evidence, Text(share_of(trigger)), needed(trigger)
        case HealthTrigger():
            marks = [
                Text(f"{endpoint} {'✗' * min(streak.in_a_row, 9) or '✓'}", "red" if streak.in_a_row else "green")
                for endpoint, streak in trigger.streaks.items()
            ]
            return plain(name, style), Text("  ").join(marks), Text(share_of(trigger)), needed(trigger)
        case GaugeTrigger():
            return plain(name, style), _level(trigger), Text(share_of(trigger)), needed(trigger)


def scale(trigger: SequentialTrigger) -> Text:
    """Return the evidence on a log scale: from 1/threshold (all is well) over 1 (nothing is known) to the threshold."""
    test = trigger.breaks
    log_threshold = math.log(test.test.threshold)
    place = (test.log_evidence / log_threshold + 1) / 2
    filled = round(min(max(place, 0.0), 1.0) * WIDTH)
    middle = WIDTH // 2
    style = "red" if test.fired else "yellow" if test.evidence > SUSPICION else "green"
    cells = ["━" if min(filled, middle) <= cell < max(filled, middle) else "─" for cell in range(WIDTH)]
    text = Text("├", "dim")
    for cell, mark in enumerate(cells):
        text.append("┼" if cell == middle and mark == "─" else mark, style if mark == "━" else "dim")
    return text.append("┤", style if test.fired else "dim")


def _level(trigger: GaugeTrigger) -> Text:
    value = "?" if trigger.value is None else f"{trigger.value:.4g}"
    held = f", for {duration(trigger.held.held)}" if trigger.held.held else ""
    return Text(f"{value} of {trigger.rule.at_least:g}{held}", "yellow" if trigger.held.held else "green")
