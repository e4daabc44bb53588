"""What a measurement was taken with. Figures of one kind of run are never compared with those of another kind.

What matters differs from measurement to measurement:

- Times, rates and estimates (what has an interval) are the machine's too: another processor takes longer. So is a
  score: where text stands depends on the fonts of the machine, and with it how far a layout shifts.
- Counts, bytes and shares without an interval are exact on any machine.
- What a browser took is that browser's: another one may ask for other files, encode and lay out otherwise, so this
  holds for counts too. Its build counts, as in `150.0.7871`. The fourth number of a Chromium counts corrections to one
  build, which come each week: with them nothing would ever have a past.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from postflight.model import Measurement, Unit

MOST_NAMED = 4  # kinds in one sentence
_OF_THE_HOST = (Unit.SECONDS, Unit.PER_SECOND, Unit.SCORE)
_BUILD = re.compile(r"(\d+\.\d+\.\d+)\.\d+")


@dataclass(frozen=True, slots=True)
class RunKind:
    """What had a part in a measurement: a browser by kind and build, a machine. Empty: it had none."""

    browser: str = ""
    host: str = ""

    def __str__(self) -> str:
        """In one line: `headless-shell 150.0.7871 on 4 x EPYC 7763, Linux x86_64`."""
        return " on ".join(filter(None, (self.browser, self.host))) or "any runner"


def build_of(browser: str) -> str:
    """Return a browser's kind and build: `headless-shell 150.0.7871` of `headless-shell 150.0.7871.46`."""
    return _BUILD.sub(r"\1", browser)


def kinds_of(measurements: Iterable[Measurement], host: str) -> dict[tuple[str, Unit], RunKind]:
    """Return what each metric of one run was taken with; nothing at all where the run does not name its `host`.

    Where several measurements are of one metric, all that had a part in one of them had a part in it.
    """
    taken = defaultdict[tuple[str, Unit], list[Measurement]](list)
    for measurement in measurements if host else ():
        taken[measurement.metric, measurement.unit].append(measurement)
    return {metric: _kind(of_one, host) for metric, of_one in taken.items()}


def _kind(taken: Sequence[Measurement], host: str) -> RunKind:
    browsers = sorted({build_of(one.browser) for one in taken if one.browser})
    is_of_host = any(one.unit in _OF_THE_HOST or one.interval is not None for one in taken)
    return RunKind(" and ".join(browsers), host if is_of_host else "")


def tell_change(noun: str, runs: Iterable[tuple[str, str]]) -> str:
    """Say what the runs of one target changed, oldest first: `another browser since v20: this (before: that)`.

    `runs` are (browser or host, name of the run); one that does not say what it had is left out. Empty: none changed.
    """
    known = [(value, name) for value, name in runs if value]
    values = [value for value, _ in known]
    if len(set(values)) < 2:
        return ""
    last = len(values) - 1
    while values[last - 1] == values[-1]:
        last -= 1
    if values[-1] not in values[:last]:
        return f"another {noun} since {known[last][1]}: {values[-1]} (before: {values[last - 1]})"
    counted = Counter(values).most_common()
    named = [f"{value} ({count})" for value, count in counted[:MOST_NAMED]]
    more = [f"{len(counted) - MOST_NAMED} more"] if len(counted) > MOST_NAMED else []
    return f"{len(counted)} {noun}s by turns (runs): {', '.join(named + more)}"
