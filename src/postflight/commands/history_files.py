"""`postflight history --files`: what pages weigh, file by file, in the newest run and in the last release before it."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from postflight.checks.weight.flaw import size
from postflight.checks.weight.page import Kind
from postflight.checks.weight.release import Release, is_other_browser
from postflight.history import Entry, History
from postflight.model import Decision
from postflight.report import terminal


def print_files(console: Console, history: History, entries: Sequence[Entry]) -> None:
    """Print the files of the newest of these runs that weighed pages, beside those of the last that was promoted."""
    runs = [run for run in reversed(entries) if history.weighed(run.run_id)]
    if not runs:
        console.print("No run among these has weighed a page: the stage `performance` does.")
        return
    newest = runs[0]
    promoted = (run for run in runs[1:] if run.decision is Decision.PROMOTE and run.target == newest.target)
    before = next(promoted, None)
    now = _release(history, newest)
    was = _release(history, before) if before else Release("no release", ())
    other = f", which another browser was given ({was.browser})" if was.browser and is_other_browser(was, now) else ""
    console.print(terminal.plain(f"{newest.target}: {now.name}, beside {was.name}{other}", "bold"))
    for route in sorted({file.route for file in now.files}):
        console.print(_table(route, was, now))


def _release(history: History, run: Entry) -> Release:
    return Release(run.release or f"run {run.run_id}", history.files_of(run.run_id), run.browser)


def _table(route: str, was: Release, now: Release) -> Table:
    table = Table(box=None, pad_edge=False, title=terminal.plain(route, "bold"), title_justify="left")
    table.add_column("file", overflow="fold")
    for name in ("kind", "before", "now", "change"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    old, new = was.of(route), now.of(route)
    for kind, name in sorted({*old, *new}, key=lambda key: (-new.get(key, 0), key)):
        table.add_row(*map(terminal.plain, _row(kind, name, old.get((kind, name)), new.get((kind, name)))))
    return table


def _row(kind: Kind, name: str, was: int | None, is_now: int | None) -> tuple[str, ...]:
    shown = ["" if number is None else size(number) for number in (was, is_now)]
    if was is None:
        change = "new"
    elif is_now is None:
        change = "gone"
    else:
        change = f"{'+' if is_now > was else '-'}{size(abs(is_now - was))}" if is_now != was else ""
    return name, kind.value, *shown, change
