"""`postflight history`: what was verified, decided and measured before, and how often deployments succeed."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from postflight.commands.history_files import print_files
from postflight.commands.history_metric import moment, print_metric, short
from postflight.commands.remember import FILE, LARGE, VARIABLE
from postflight.commands.simulate import Ratio
from postflight.history import Entry, History, HistoryUnavailable
from postflight.history.analysis import (
    Change,
    compare_with_week_before,
    count_deployments,
    find_kind_changes,
    find_shifts,
)
from postflight.report import terminal

CONFIDENCE = 0.95
WIDEST = 32  # characters of a column
_AGO = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


class Since(click.ParamType[float]):
    """`30d`, `12h` or `2026-11-01`, as Unix seconds."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the time, or fail with what was expected."""
        if isinstance(value, float):
            return value
        if found := re.fullmatch(r"([0-9]{1,6})\s*([mhdw])", value.strip()):
            return max(0.0, time.time() - float(found[1]) * _AGO[found[2]])
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            self.fail(f"{value!r} is no time: write 30d, 12h or 2026-11-01", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@click.command()
@click.option("--since", type=Since(), default="30d", show_default=True, help="`30d`, `12h` or a date (UTC).")
@click.option("--platform", help="Only this platform.")
@click.option("--environment", help="Only this environment.")
@click.option("--metric", help="What was measured of one metric, run by run.")
@click.option("--files", is_flag=True, help="What pages weigh, file by file, beside the last release.")
@click.option("--last", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Rows of the table.")
@click.option(
    "--claim", type=Ratio(), default="98%", show_default=True, help="Share of deployments that are to succeed."
)
@click.option("--json", "as_json", is_flag=True, help="All of it, for machines.")
@click.option(
    "--history",
    "path",
    envvar=VARIABLE,
    type=click.Path(path_type=Path),
    default=FILE,
    show_default=True,
    show_envvar=True,
)
def history(
    *,
    since: float,
    platform: str | None,
    environment: str | None,
    metric: str | None,
    files: bool,
    last: int,
    claim: float,
    as_json: bool,
    path: Path,
) -> None:
    """Show earlier runs of the gate and the watch: verdicts, measurements, and how many deployments succeeded."""
    if not 0 < claim < 1:
        raise click.UsageError("--claim is a share above 0 % and below 100 %")
    try:
        with History.at(path, create=False) as kept:
            entries = kept.runs(since=since, platform=platform, environment=environment)
            if files:
                print_files(Console(highlight=False), kept, entries)
                return
    except HistoryUnavailable as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(_document(entries, claim), indent=2, ensure_ascii=False, allow_nan=False))
        return
    console = Console(highlight=False)
    if not entries:
        console.print(f"No run since {moment(since)}.")
    elif metric:
        print_metric(console, entries, metric, last)
    else:
        _print_runs(console, entries, last)
        _print_deployments(console, entries, claim)
        for change in _large_changes(entries):
            console.print(terminal.plain(f"notice: {change}", "yellow"))
        for shift in find_shifts(entries):
            console.print(terminal.plain(f"shift: {shift.target}: {shift}", "yellow"))
        for words in find_kind_changes(entries):
            console.print(terminal.plain(f"note: {words}", "dim"))


def _document(entries: Sequence[Entry], claim: float) -> dict[str, Any]:
    """Return what `--json` prints: runs as `verdict.json` names things, times as Unix seconds, rates as ratios."""
    counted = count_deployments(entries)
    low, high = counted.interval(CONFIDENCE)
    judged = counted.claim(claim, CONFIDENCE)
    return {
        "version": 1,
        "deployments": {
            **asdict(counted),
            "total": counted.total,
            "success": counted.promoted / counted.total if counted.total else None,
            "interval": [low, high],
            "confidence": CONFIDENCE,
            "claim": {"success": claim, "proof": judged.proof.value, "more_needed": judged.more_needed},
        },
        "changes": [asdict(change) for change in _changes(entries)],
        "shifts": [asdict(shift) for shift in find_shifts(entries)],
        "kinds": find_kind_changes(entries),
        "runs": [{name: value for name, value in asdict(entry).items() if name != "files"} for entry in entries],
    }


def _print_runs(console: Console, entries: Sequence[Entry], last: int) -> None:
    """Print a line for each run, and below it why its verdict is what it is: at any width of the terminal."""
    head = ("when (UTC)", "what", "release", "by", "run")
    rows = [
        (moment(entry.finished), entry.target, short(entry.release), entry.by, entry.command)
        for entry in entries[-last:]
    ]
    widths = [min(WIDEST, max(map(len, column))) for column in zip(head, *rows, strict=True)]
    console.print(terminal.plain(_padded(head, widths) + "verdict", "dim"))
    for entry, row in zip(entries[-last:], rows, strict=True):
        verdict = Text(entry.decision.value, terminal.STYLE[entry.decision])
        console.print(terminal.plain(_padded(row, widths)).append_text(verdict))
        if why := " → ".join(filter(None, [entry.reason, entry.acted])):
            console.print(Padding(terminal.plain(why, "dim"), (0, 0, 0, widths[0] + 2)))
    if len(entries) > last:
        console.print(Text(f"{_counted(len(entries) - last, 'earlier run')}: --last {len(entries)}", "dim"))
    console.print()


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(cells, widths, strict=True)
    return "".join(f"{cell if len(cell) <= width else f'{cell[: width - 1]}…':<{width}}  " for cell, width in pairs)


def _print_deployments(console: Console, entries: Sequence[Entry], claim: float) -> None:
    counted = count_deployments(entries)
    low, high = counted.interval(CONFIDENCE)
    ends = {"promoted": counted.promoted, "rolled back": counted.rolled_back, "on hold": counted.on_hold}
    told = ", ".join(f"{number} {end}" for end, number in ends.items() if number) or "none decided"
    untold = f"; {_counted(counted.invalid_runs, 'run')} could not tell" if counted.invalid_runs else ""
    console.print(f"{_counted(counted.total, 'deployment')}: {told}{untold}")
    if counted.total:
        share = f"{counted.promoted / counted.total * 100:.4g} % succeeded"
        console.print(f"{share} ({low * 100:.1f} % to {high * 100:.1f} % at {CONFIDENCE * 100:g} % confidence)")
        judged = counted.claim(claim, CONFIDENCE)
        more = f": {judged.more_needed} more without a failure would show it" if judged.more_needed else ""
        console.print(f"that {claim * 100:g} % succeed is {judged.proof.value}{more}")


def _changes(entries: Sequence[Entry]) -> list[Change]:
    """Return the changes of the last run of each command and target, each against its own week."""
    newest = {(entry.command, entry.target): entry for entry in entries}
    return [change for entry in newest.values() for change in compare_with_week_before(entry, entries)]


def _large_changes(entries: Sequence[Entry]) -> list[Change]:
    return [change for change in _changes(entries) if change.is_large(LARGE)]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
