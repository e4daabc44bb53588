"""A switch on a terminal: what changes while requests are sent, and the account afterwards."""

from rich.console import Console
from rich.table import Table

from postflight.report import terminal
from postflight.watch.transition.account import Account, End, Visit
from postflight.watch.transition.judge import in_words
from postflight.watch.transition.strip import LEGEND, strip

_MOST_TOLD = 10  # windows, after it
_MOST_LINES = 40  # while requests are sent: releases that flap would fill the terminal


class Teller:
    """Tells what changes while requests are sent: the version that answers, and whether all is well."""

    def __init__(self, console: Console) -> None:
        """Print on this console."""
        self._console = console
        self._version = ""
        self._bad = False
        self._lines = 0

    def tell(self, visit: Visit) -> None:
        """Print a line when something is new."""
        if visit.end.is_bad is not self._bad and visit.end is not End.MISSING:
            self._bad = visit.end.is_bad
            self._print(visit, visit.said if self._bad else "answered well again")
        if visit.version and visit.version != self._version:
            self._version = visit.version
            self._print(visit, f"{visit.version} answers")

    def _print(self, visit: Visit, said: str) -> None:
        self._lines += 1
        if self._lines <= _MOST_LINES:
            self._console.print(terminal.plain(f"{visit.at:8.2f} s  {said}"))
        elif self._lines == _MOST_LINES + 1:
            self._console.print("           and so on: the rest is in the reports")


def show(console: Console, account: Account) -> None:
    """Print the time line, the requests by version, and the windows of downtime."""
    table = Table.grid(padding=(0, 2))
    for _ in range(len(End) + 1):
        table.add_column(justify="right")
    table.add_row("", *(end.value for end in End))
    for version, counts in account.by_version.items():
        table.add_row(terminal.plain(version or "no version"), *(str(counts.get(end, 0)) for end in End))
    table.add_row("all", *(str(account.count(end)) for end in End))
    console.print()
    console.print(terminal.plain(strip(account)))
    console.print(terminal.plain(LEGEND, "dim"))
    console.print()
    console.print(table)
    for window in account.windows[:_MOST_TOLD]:
        console.print(terminal.plain(f"{in_words(window)}: {window.said}"))
    if (more := len(account.windows) - _MOST_TOLD) > 0:
        console.print(terminal.plain(f"and {more} more"))
    for trouble in account.troubles[:_MOST_TOLD]:
        console.print(terminal.plain(f"not measured from {trouble.start:.2f} s to {trouble.end:.2f} s: {trouble.why}"))
