"""The table of `docs/triggers.md`, in Markdown. The same seed gives the same table."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from postflight.stats import rates
from postflight.stats.simulation import catalog
from postflight.stats.simulation.arms import CappedBlocks
from postflight.stats.simulation.catalog import Setting
from postflight.stats.simulation.study import Result, Scenario, run
from postflight.stats.simulation.traffic import Steady

BLOCKS = (30.0, 10.0)


def cell(result: Result) -> str:
    """Return a result in a few characters: how often it fired wrongly, or how late rightly (median / p95, seconds)."""
    if not result.bad:
        return f"{result.fired * 100:.3g} %"
    if math.isinf(result.median):
        return f"{result.fired * 100:.3g} % found"
    p95 = f"{result.p95:.0f}" if math.isfinite(result.p95) else f"- ({result.fired * 100:.3g} % found)"
    return f"{result.median:.0f} / {p95}"


def error_rates(setting: Setting, *, runs: int, seed: int) -> str:
    """Return the tables of false rollbacks and of delays, for error rates."""
    arms = [*catalog.error_arms(setting, BLOCKS), *catalog.latency_arms(setting, BLOCKS)[1:2]]
    names = [arm.name for arm in arms]
    healthy = [run(arms, each, setting.clock, runs=runs, seed=seed) for each in catalog.healthy_errors(setting)]
    bad = [run(arms, each, setting.clock, runs=runs, seed=seed) for each in catalog.bad_errors(setting)]
    return (
        _table(["False rollbacks of healthy traffic", *names], map(_row, healthy))
        + "\n"
        + _table(["Seconds to find bad traffic: median / p95", *names], map(_row, bad))
    )


def shortest_blocks(setting: Setting, *, runs: int, seed: int) -> str:
    """Return the table of one-request blocks against the information bound."""
    tick = 1 / setting.rate
    whole = replace(setting, block=tick)
    arm = CappedBlocks("one request", whole.rates_above(tick), tick)
    rows = []
    for share in setting.severities:
        bound = rates.information_bound(setting.limit, share, setting.alpha)
        # bad traffic is found long before the watch ends; K stays that of the whole watch
        watched = replace(whole, duration=min(setting.duration, 20 * bound * tick + 100 * tick))
        scenario = Scenario("", Steady(share), bad=True, control=Steady(setting.healthy))
        found = run([arm], scenario, watched.clock, runs=runs, seed=seed)[0]
        late = replace(scenario, before=Steady(setting.healthy), at=30.0, spread=10.0)
        later = replace(watched, duration=watched.duration + 40 + 20 * bound * tick)
        after = run([arm], late, later.clock, runs=max(1, runs // 10), seed=seed)[0]
        rows.append(
            [
                f"{share * 100:.3g} %",
                _requests(bound),
                *(f"{_requests(mean)} ({mean / bound:.2f}x)" for mean in (found.mean / tick, after.mean / tick)),
            ]
        )
    head = ["Requests until found, on average", "Bound", "Bad from the start", "Bad after 30 s of healthy traffic"]
    return _table(head, rows)


def shortest_block_errors(setting: Setting, *, runs: int, seed: int) -> str:
    """Return the false rollbacks of one-request blocks over the whole watch, for independent errors."""
    tick = 1 / setting.rate
    whole = replace(setting, block=tick)
    arm = CappedBlocks("one request", whole.rates_above(tick), tick)
    rows = []
    for share in (setting.healthy, 0.8 * setting.limit, setting.limit):
        scenario = Scenario(f"iid, {share * 100:.3g} %", Steady(share), bad=False, control=Steady(share))
        result = run([arm], scenario, whole.clock, runs=runs, seed=seed)[0]
        rows.append([result.scenario, cell(result), f"{result.at_most * 100:.2g} %"])
    return _table(["One-request blocks, healthy traffic", "False rollbacks", "95 % upper bound"], rows)


def response_times(setting: Setting, *, runs: int, seed: int) -> str:
    """Return the tables for slow answers that cluster."""
    arms = catalog.latency_arms(setting, BLOCKS)
    names = [arm.name for arm in arms]
    results = [run(arms, each, setting.clock, runs=runs, seed=seed) for each in catalog.latency_scenarios(setting)]
    return (
        _table(["False rollbacks of slow answers within the limit", *names], (_row(r) for r in results if not r[0].bad))
        + "\n"
        + _table(
            ["Seconds to find too many slow answers: median / p95", *names], (_row(r) for r in results if r[0].bad)
        )
    )


def everything(setting: Setting, *, runs: int, seed: int) -> str:
    """Return all tables, under headings."""
    few = max(1, runs // 2)
    return "\n".join(
        (
            "### Error rates\n",
            error_rates(setting, runs=runs, seed=seed),
            "### The shortest blocks, against the information bound\n",
            shortest_blocks(setting, runs=few, seed=seed),
            shortest_block_errors(setting, runs=few, seed=seed),
            "### Response times\n",
            response_times(setting, runs=few, seed=seed),
        )
    )


def _requests(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"


def _row(results: Sequence[Result]) -> list[str]:
    return [results[0].scenario, *map(cell, results)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
