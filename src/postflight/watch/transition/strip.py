"""The time line of a switch as one line of text: each cell is a slice of time, told by the worst that happened in it.

ooooooooooooooooooommnnnnnnXXXXxnnnnnnnnnnnn
o old version   n new   m both   x some requests bad   X all bad   ? not measured
"""

import math
from collections.abc import Sequence

from postflight.watch.transition.account import Account, End, Visit

WIDTH = 60  # cells
SHORTEST = 1e-6  # seconds: of what lies closer together no order is shown
LEGEND = "o old version, n new, m both, x some bad, X all bad, ? not measured"


def strip(account: Account, width: int = WIDTH) -> str:
    """Draw it. `.` is a slice in which no request was due."""
    if not account.visits:
        return ""
    slices = min(width, account.sent)
    whole = max(account.visits[-1].at, SHORTEST)
    cells: list[list[Visit]] = [[] for _ in range(slices)]
    for visit in account.visits:
        cells[min(slices - 1, math.floor(visit.at / whole * slices))].append(visit)
    old = account.change.old if account.change else ""
    return "".join(_cell(visits, old) for visits in cells)


def _cell(visits: Sequence[Visit], old: str) -> str:
    measured = [visit for visit in visits if visit.end is not End.MISSING]
    if not measured:
        return "?" if visits else "."
    bad = sum(visit.end.is_bad for visit in measured)
    if bad:
        return "X" if bad == len(measured) else "x"
    versions = {visit.version == old or not old for visit in measured if visit.version}
    return "m" if len(versions) == 2 else "n" if versions == {False} else "o"
