"""`postflight history --metric`: one metric run by run, each series by itself, and what has changed about it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postflight.checks.run_kind import RunKind
from postflight.commands.remember import LARGE
from postflight.history import Entry, Series
from postflight.history.analysis import UNKNOWN, compare_with_week_before, find_kind_changes, find_shifts, series_of
from postflight.model import Decision, Quantity, Unit
from postflight.report import terminal

BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 60
FLATTEST = 0.2  # of the largest value: all bars together show at least this range
Likeness = tuple[str, str, Unit, RunKind | None]
"""Command, target, unit and kind: what figures share that may be compared."""


def print_metric(console: Console, entries: Sequence[Entry], metric: str, last: int) -> None:
    """Print a line of bars for each series of figures that may be compared, and a row for each of the last runs."""
    taken = [(entry, found) for entry in entries if (found := series_of(entry, metric))]
    if not taken:
        names = sorted({series.metric for entry in entries for series in entry.compared})
        raise click.ClickException(f"no run measured {metric!r}; measured were: {', '.join(names) or 'nothing'}")
    numbers = _print_lines(console, metric, taken)
    console.print(_table(taken[-last:], numbers))
    if untold := sum(entry.decision is Decision.INVALID and _has(entry, metric) for entry in entries):
        console.print(terminal.plain(f"left out: {untold} of runs that could not measure (invalid)", "dim"))
    console.print()
    for likeness, entry in {_likeness(entry, found): entry for entry, found in taken}.items():
        number = f"{numbers[likeness]}  " if numbers else ""
        for change in compare_with_week_before(entry, entries):
            if change.metric == metric:
                style = "yellow" if change.is_large(LARGE) else ""
                console.print(terminal.plain(f"{number}{change}", style))
    for shift in find_shifts([entry for entry, _ in taken]):
        if shift.metric == metric:
            console.print(terminal.plain(f"{shift.target}: {shift}", "yellow"))
    for words in find_kind_changes([entry for entry, _ in taken]) if numbers else ():
        console.print(terminal.plain(words, "dim"))


def _print_lines(console: Console, metric: str, taken: Sequence[tuple[Entry, Series]]) -> dict[Likeness, int]:
    """Print the bars, and return the number of each series; a single one has none."""
    lines: dict[Likeness, list[float]] = {}
    for entry, found in taken:
        lines.setdefault(_likeness(entry, found), []).append(found.median)
    if len(lines) == 1:
        ((_, target, _, _), values), *_ = lines.items()
        console.print(terminal.plain(f"{metric}  {sparkline(values[-MOST_BARS:])}  {target}\n"), soft_wrap=True)
        return {}
    console.print(terminal.plain(f"{metric}, in {len(lines)} series that are not compared with each other\n"))
    for number, ((command, target, _, kind), values) in enumerate(lines.items(), start=1):
        console.print(terminal.plain(f"{number}  {target}, {command}, with {kind or UNKNOWN}"), soft_wrap=True)
        console.print(terminal.plain(f"   {sparkline(values[-MOST_BARS:])}"))
    console.print()
    return {likeness: number for number, likeness in enumerate(lines, start=1)}


def _table(taken: Sequence[tuple[Entry, Series]], numbers: dict[Likeness, int]) -> Table:
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    if numbers:
        shown.add_column("", justify="right", min_width=1)
    shown.add_column("when (UTC)", no_wrap=True)
    if several := len({entry.target for entry, _ in taken}) > 1:
        shown.add_column("what", overflow="fold")
    shown.add_column("release", overflow="fold")
    for name in ("median", "least", "worst", "samples"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("allowed", no_wrap=True)
    for entry, found in taken:
        number = [Text(str(numbers[_likeness(entry, found)]), "dim")] if numbers else []
        style = "red" if found.met is False else ""
        values = (Text(str(Quantity(value, found.unit)), style) for value in (found.median, found.least, found.worst))
        told = (*(entry.target,) * several, short(entry.release))
        shown.add_row(
            *number, moment(entry.finished), *map(terminal.plain, told), *values, str(found.samples),
            terminal.plain(found.limit),
        )  # fmt: skip
    return shown


def _has(entry: Entry, metric: str) -> bool:
    return any(series.metric == metric for series in entry.measured)


def _likeness(entry: Entry, found: Series) -> Likeness:
    return entry.command, entry.target, found.unit, found.kind


def sparkline(values: Sequence[float]) -> str:
    """Return a bar for each value, the lowest for the least. What hardly differs looks alike."""
    low, high = min(values), max(values)
    span = max(high - low, FLATTEST * abs(high))
    if span == 0:
        return BARS[0] * len(values)
    return "".join(BARS[min(len(BARS) - 1, int((value - low) / span * len(BARS)))] for value in values)


def short(release: str) -> str:
    """Return a commit as people know it, any other name as it is."""
    return release[:12] if re.fullmatch(r"[0-9a-f]{40}", release) else release


def moment(seconds: float) -> str:
    """Return a Unix time as people read it, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
