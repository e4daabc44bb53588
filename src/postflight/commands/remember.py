"""How a command that decides puts its run into the history: one option, and one call at its end.

A history that cannot be written is a warning. It never changes a verdict, and never an exit code.
"""

import getpass
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from postflight.checks.weight.release import FileWeight, Release
from postflight.history import Entry, History, HistoryUnavailable, summarise
from postflight.history.analysis import WEEK, compare_with_week_before
from postflight.model import Deployment
from postflight.report import terminal
from postflight.report.background import MAX_PAST, Past
from postflight.report.document import About, Document

VARIABLE = "POSTFLIGHT_HISTORY"
FILE = Path(".postflight/history.sqlite3")
OFF = "off"
LARGE = 0.5  # a metric that is this far from the average of the week before is told
_KEY = "postflight.history"
_ACTED = "postflight.acted"
_WEIGHED = "postflight.weighed"

Command = TypeVar("Command", bound=Callable[..., Any])


def history_option(command: Command) -> Command:
    """Give a command `--history FILE`. Without this option on it, a command remembers nothing."""
    return click.option(
        "--history",
        envvar=VARIABLE,
        default=str(FILE),
        show_default=True,
        show_envvar=True,
        metavar="FILE|off",
        help="Where this run is kept, for `postflight history`.",
        expose_value=False,
        callback=_choose,
    )(command)


def _choose(context: click.Context, _parameter: click.Parameter, value: str) -> None:
    context.meta[_KEY] = None if value == OFF else Path(value)


def note_act(words: str) -> None:
    """Say what was done about this run's verdict, without secrets: it goes into the history with it."""
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta.setdefault(_ACTED, []).append(words)


def note_files(files: Iterable[FileWeight]) -> None:
    """Say what the pages of this run weigh, file by file: the next release is compared with it."""
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta.setdefault(_WEIGHED, []).extend(files)


def last_release(deployment: Deployment) -> Release | None:
    """Return what the last release that was promoted here weighed, as far as the history of this command knows it."""
    context = click.get_current_context(silent=True)
    path = context.meta.get(_KEY) if context else None
    if path is None or not path.is_file():
        return None
    address = None if deployment.known else deployment.base_url
    with History.at(path, create=False) as history:
        return history.last_release(deployment.platform, deployment.environment, address)


def remember(name: str, doc: Document, console: Console) -> None:
    """Keep this run, and tell what it measured that is far from the week before."""
    context = click.get_current_context(silent=True)
    path = context.meta.get(_KEY) if context else None
    if context is None or path is None:
        return
    try:
        acted = "; ".join(context.meta.get(_ACTED, []))
        files = tuple(context.meta.get(_WEIGHED, []))
        entry = summarise(doc, name, environ=os.environ, by=_person(), acted=acted, files=files)
        _say_changes(entry, _kept(entry, path), console)
    except HistoryUnavailable as error:
        _warn(console, str(error))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, the verdict stands
        _warn(console, f"{type(error).__name__}: {error}")


def earlier_runs(name: str, run: About) -> tuple[Past, ...]:
    """Return the latest runs of a command against the same target, oldest first, for `report.html`.

    None where there is no history, or it cannot be read: `remember` will say so.
    """
    context = click.get_current_context(silent=True)
    path = context.meta.get(_KEY) if context else None
    if path is None or not path.is_file():
        return ()
    try:
        with History.at(path, create=False) as history:
            entries = history.latest(
                MAX_PAST - 1,
                command=name,
                platform=run.platform,
                environment=run.environment,
                base_url=run.base_url,
            )
        return tuple(_past(entry) for entry in entries)
    except (HistoryUnavailable, ValueError, OverflowError, OSError):  # a file that somebody else has written
        return ()


def _past(entry: Entry) -> Past:
    finished = datetime.fromtimestamp(entry.finished, UTC).isoformat(timespec="seconds")
    medians = {(series.metric, series.unit): series.median for series in entry.compared}
    kinds = {(series.metric, series.unit): series.kind for series in entry.compared if series.kind}
    return Past(entry.decision, finished, entry.release, medians, kinds, entry.browser, entry.host)


def _warn(console: Console, words: str) -> None:
    console.print(terminal.plain(f"warning: this run is not in the history: {words}", "yellow"))


def _kept(entry: Entry, path: Path) -> list[Entry]:
    with History.at(path) as history:
        history.add(entry)
        return history.runs(since=time.time() - WEEK, platform=entry.platform, environment=entry.environment)


def _say_changes(entry: Entry, week: list[Entry], console: Console) -> None:
    for change in compare_with_week_before(entry, week):
        if change.is_large(LARGE):
            console.print(terminal.plain(f"notice: {change}", "yellow"))


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"
