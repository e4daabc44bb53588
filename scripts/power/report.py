"""The table as Markdown: what was measured, what each rule finds, and where ours is worse."""

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from itertools import permutations

from postflight.browser.find import find_browser
from scripts.power import lighthouse, rules
from scripts.power.measurement import SCORED, Measured
from scripts.power.plants import HEALTHY
from scripts.power.rules import Rate
from scripts.power.table import POWER, REQUESTS, ROUNDS, Row

HEAD = """\
# The smallest regression that is found

Written by `make power ARGS="--write"`. Every figure here was measured; none is modelled.

{machine}

## How to read it

The script's own server has one page and one handler, and variants of them that are worse by a known amount: more work
in the page's script, a hero image that comes later, more bytes, a late layout shift, a slower click, a slower
handler. Two processes serve: "old" the healthy page, "new" all variants, and the healthy page once more: identical
code, which must not alarm. Each variant was visited twice in every cycle, in an order drawn anew. From these cycles
experiments are drawn, and each rule is asked:

- **ours**: what `postflight compare` decides by. A page: {rounds} rounds of four visits (both sides twice), the first
  look, at an eighth of alpha 1 % (four figures, two looks; undecided, it goes on to 12 rounds). An API:
  {requests} rounds of four requests, its third look, at a fifth of alpha 1 %. Both say "slower by more than
  {margin:g} %", so a regression below {margin:g} % is let through on purpose. Counts are compared exactly, from one
  visit. CLS and INP are not among the figures of `compare`: they are put to the same tests here.
- **mean:5%**: `--benchmark-compare-fail=mean:5%`. For requests, pytest-benchmark's own runs, each a process; for
  pages its rule on as many visits as ours has, against a mean stored from other cycles. "At 1 %" is the limit at
  which it has at most 1 % false alarms on this pool (the largest change seen where there are few runs): its rule as
  good as it can be.
- **found** is the smallest planted size that is found in {power:.0f} % of all experiments or more, at no more than 1
  % false alarms. "Change seen" is what the planted size did to the figure: the page has work of its own.
- **as it was** is the machine with what else ran on it; **2 more busy** with two busy processes of the script's own.

Rates are followed by their 95 % interval (Clopper and Pearson) over the experiments. Experiments from one pool share
its visits, so an interval says how well the pool is known, not the world: a rate from 8 cycles is a rate of 8 cycles.
Blocks of requests are drawn without replacement, cycles of visits with.
"""

WORSE = """\
## Where our rule is worse

{worse}
- It needs both deployments at the same time. A stored baseline needs only the new one; exact counts and thread CPU
  are what survives a stored baseline (see the last table).
- Its margin makes it blind below 5 % on purpose; exact counts have no margin.
- A regression of a few milliseconds in INP is below a frame: no rule here sees it, and the figure comes in steps of 8
  ms.
- One comparison costs four visits a round where a stored mean costs one.
- On the median a slow answer in ten is nearly invisible. The rows of p95 try the test for few rounds on the p95 of each
  40 rounds; `postflight compare` does not decide by it, and on a machine that is as busy as this it should not.
- Unthrottled LCP is no better in our hands than in others': it is not decided by.
"""


def markdown(measured: Measured, made: Sequence[Row], changed: Sequence[tuple[str, float]]) -> str:
    """Return the whole document."""
    parts = [
        HEAD.format(
            machine=_machine(measured), rounds=ROUNDS, requests=REQUESTS, margin=rules.MARGIN * 100,
            power=POWER * 100,
        ),
        _summary(made),
        _share(measured),
        _lighthouse(measured),
        "## Every rate\n",
        *map(_details, made),
        _changed(changed),
        WORSE.format(worse=_worse(made)),
    ]  # fmt: skip
    return "\n".join(parts)


def _machine(measured: Measured) -> str:
    found = find_browser()
    quiet, busy = (f"{one.load[0]:.1f} before and {one.load[1]:.1f} after" for one in (measured.quiet, measured.busy))
    return (
        f"{measured.when:%d %B %Y}, {os.cpu_count()} cores ({platform.machine()}), {found.kind} {found.version}, "
        f"Python {platform.python_version()}, pytest-benchmark {version('pytest-benchmark')},\n"
        f"{measured.minutes:.0f} minutes. Load average of the machine, which others used too: {quiet};\n"
        f"with two more busy processes {busy}."
    )


def _summary(made: Sequence[Row]) -> str:
    lines = [
        "## Found\n",
        "| metric | machine | ours finds | ours, false alarms | mean:5%, false alarms | at 1 % it finds | limit then |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in made:
        _, _, ours, theirs = row.sizes[0]
        limit = f"{row.limit * 100:.3g} %" if theirs else "-"
        found = row.ours if len(row.sizes) > 1 else "-"
        theirs_found = row.theirs if len(row.sizes) > 1 else "-"
        lines.append(
            f"| {row.metric} | {row.machine} | {found} | {ours} | {theirs or '-'} | {theirs_found} | {limit} |"
        )
    return "\n".join(lines) + "\n"


def _share(measured: Measured) -> str:
    visits = ROUNDS * 4 * measured.quiet.pages.seconds
    rounds = measured.quiet.handlers[HEALTHY]
    requests = REQUESTS * 4 * statistics.fmean(one.old for one in rounds)
    return (
        f"Of a stage of 90 s: {visits:.0f} s for a page's {ROUNDS * 4} visits (bytes, requests, CLS, thread CPU,\n"
        f"LCP and INP come from the same ones), {requests:.0f} s for an API's {REQUESTS * 4} requests. So one page\n"
        f"and some APIs fit, or half the rounds for two pages.\n"
    )


def _lighthouse(measured: Measured) -> str:
    title = f"## Lighthouse's score on the same pages\n\nLighthouse {lighthouse.VERSION}, as it comes (mobile).\n"
    if measured.no_scores:
        return f"{title}\nNot measured: {measured.no_scores}\n"
    healthy = measured.scores[HEALTHY]
    noise = max(abs(one - other) for one, other in permutations(healthy, 2))
    lines = [
        f"{len(healthy)} runs of identical code differ by up to {noise:.0f} points, so a drop must be larger.\n",
        "| page | scores | below 90 | drop of the median | shown |",
        "|---|---|---|---|---|",
    ]
    for plant in (HEALTHY, *SCORED):
        scores = measured.scores[plant]
        drop = statistics.median(healthy) - statistics.median(scores)
        below = sum(score <= 90 for score in scores)
        shown = "-" if plant is HEALTHY else "yes" if drop > noise else "no"
        told = ", ".join(f"{score:.0f}" for score in scores)
        lines.append(f"| `{plant.path[1:]}` | {told} | {below} of {len(scores)} | {drop:.1f} | {shown} |")
    return title + "\n" + "\n".join(lines) + "\n"


def _details(row: Row) -> str:
    lines = [
        f"**{row.metric}, {row.machine}** ({row.sample}; measured: {row.pool})\n",
        f"| planted | change seen | ours alarms | mean:5% alarms | mean:{row.limit * 100:.3g}% alarms |",
        "|---|---|---|---|---|",
    ]
    at_limit: Sequence[Rate | None] = row.theirs_at_limit or [None] * len(row.sizes)
    for (words, seen, ours, theirs), other in zip(row.sizes, at_limit, strict=True):
        change = f"{seen * 100:+.1f} %" if row.metric != "CLS" else f"{seen:+.4f}"
        lines.append(f"| {words} | {change} | {ours} | {theirs or '-'} | {other or '-'} |")
    return "\n".join(lines) + "\n"


def _worse(made: Sequence[Row]) -> str:
    lines = [
        f"- {row.metric}, {row.machine}: a stored mean with a limit of {row.limit * 100:.3g} % finds {row.theirs},"
        f" ours {row.ours}."
        for row in made
        if row.is_worse
    ]
    return "\n".join(
        [*lines, "- That mean was stored minutes before, on the same machine; see above what another one does."]
    )


def _changed(changed: Sequence[tuple[str, float]]) -> str:
    lines = [
        "## A baseline stored on the machine as it was, identical code with 2 more busy processes\n",
        "| metric | mean:5% alarms |",
        "|---|---|",
        *(f"| {name} | {share * 100:.3g} % |" for name, share in changed),
    ]
    return "\n".join(lines) + "\n"
