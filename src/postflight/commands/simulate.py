"""`postflight simulate`: what the triggers would do, on simulated traffic, before they are trusted with a rollback."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from postflight.commands.options import budgets_option
from postflight.config.budgets import load_budgets
from postflight.errors import ConfigError
from postflight.stats.rules import ErrorRate, ResponseTime, Rule, WatchPlan

if TYPE_CHECKING:
    from postflight.stats.simulation.catalog import Setting, Trial
    from postflight.stats.simulation.study import Result

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Ratio(click.ParamType[float]):
    """`5%` or `0.05`, as 0.05. Between 0 and 1, both included."""

    name = "ratio"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the ratio, or fail with what was expected."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9.]+)\s*(%?)", value.strip())
        try:
            ratio = float(found[1]) / (100 if found[2] else 1) if found else math.nan
        except ValueError:
            ratio = math.nan
        if not 0 <= ratio <= 1:
            self.fail(f"{value!r} is no share: write 5% or 0.05", param, ctx)
        return round(ratio, 12)  # 0.9% is 0.009, not 0.009000000000000001


class Duration(click.ParamType[float]):
    """`30m`, `10s`, `500ms` or `10 min`, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds, or fail with what was expected."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|min|m|h)", value.strip())
        if not found or float(found[1]) == 0:
            self.fail(f"{value!r} is no duration: write 10s, 30m or 500ms", param, ctx)
        return float(found[1]) * SECONDS[found[2]]


@click.command()
@click.option("--platform", help="Try the triggers that budgets.yaml has for it, instead of --error-rate and --within.")
@budgets_option
@click.option(
    "--error-rate", "limit", type=Ratio(), default="5%", show_default=True, help="The trigger: errors above this."
)
@click.option("--within", type=Duration(), default="5m", show_default=True, help="The longest a decision may take.")
@click.option(
    "--alpha", type=Ratio(), default="1%", show_default=True, help="False rollbacks allowed in the whole watch."
)
@click.option("--triggers", type=click.IntRange(1), default=1, show_default=True, help="Triggers that share alpha.")
@click.option("--for", "duration", type=Duration(), default="30m", show_default=True, help="Length of the watch.")
@click.option(
    "--block", type=Duration(), default="10s", show_default=True, help="Three times the longest blip to tolerate."
)
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), default=100, show_default=True, help="Requests per second."
)
@click.option("--healthy", type=Ratio(), default="0.9%", show_default=True, help="Error rate of a healthy deployment.")
@click.option("--severity", "severities", type=Ratio(), multiple=True, help="Error rate to be found; may be repeated.")
@click.option(
    "--claim", type=Ratio(), default="99.5%", show_default=True, help="Success rate that the watch is to show."
)
@click.option("--confidence", type=Ratio(), default="99%", show_default=True, help="... and with which confidence.")
@click.option(
    "--runs", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="Watches per kind of traffic."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--table", is_flag=True, help="The Markdown tables of docs/triggers.md (takes minutes).")
def command(
    *,
    platform: str | None,
    budgets: Path | None,
    limit: float,
    within: float,
    alpha: float,
    triggers: int,
    duration: float,
    block: float,
    rate: float,
    healthy: float,
    severities: tuple[float, ...],
    claim: float,
    confidence: float,
    runs: int,
    seed: int,
    as_json: bool,
    table: bool,
) -> None:
    """Try the rollback triggers on simulated traffic: how late they fire, and how often wrongly."""
    from postflight.stats.simulation import advice, catalog, study, tables

    try:
        setting = catalog.Setting(
            limit=limit,
            alpha=alpha / triggers,
            duration=duration,
            block=block,
            rate=rate,
            healthy=healthy,
            severities=severities or catalog.severities_of(limit),
            within=within,
        )
        if table:
            click.echo(tables.everything(setting, runs=runs, seed=seed), nl=False)
            return
        trials = [catalog.error_trial(setting)]
        if platform is not None:
            plan = WatchPlan(_rules(platform, budgets), alpha, duration, block)
            trials = catalog.trials_of(plan, setting, severities)
        told = []
        for trial in trials:
            clock = trial.setting.clock
            results = [study.run(trial.arms, each, clock, runs=runs, seed=seed) for each in trial.scenarios]
            warnings = advice.claim_warnings(trial.setting, advice.Claim(claim, confidence))
            warnings += advice.result_warnings(trial.setting, [row[0] for row in results])
            told.append((trial, results, warnings))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        found = [_document(trial, results, warnings, runs=runs, seed=seed) for trial, results, warnings in told]
        document = found[0] if platform is None else {"version": 1, "platform": platform, "triggers": found}
        click.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    for trial, results, warnings in told:
        if platform is not None:
            click.echo(f"\n{platform}: {trial.name}, at most {trial.setting.limit * 100:.4g} % of requests\n")
        _print(trial, results, warnings)


def _rules(platform: str, budgets: Path | None) -> tuple[Rule, ...]:
    """Return the triggers that budgets.yaml has for a platform and that can be simulated."""
    context = click.get_current_context()
    for name in ("limit", "within", "triggers"):
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError("with --platform, budgets.yaml says what the triggers are: leave the others out")
    try:
        rules = load_budgets(budgets).rules_of(platform)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    found = tuple(rule for rule in rules if isinstance(rule, ErrorRate | ResponseTime))
    if not found:
        raise click.UsageError(f"budgets.yaml has no error_rate and no response_time for {platform}")
    return found


def _document(
    trial: "Trial", results: Sequence[Sequence["Result"]], warnings: Sequence[str], *, runs: int, seed: int
) -> dict[str, Any]:
    """Return what `--json` prints. Infinite delays (never found) are null."""
    rows = [asdict(result) for row in results for result in row]
    finite = [{key: None if value == math.inf else value for key, value in row.items()} for row in rows]
    return {
        "version": 1,
        "trigger": trial.name,
        "setting": asdict(trial.setting),
        "runs": runs,
        "seed": seed,
        "results": finite,
        "warnings": list(warnings),
    }


def _print(trial: "Trial", results: Sequence[Sequence["Result"]], warnings: Sequence[str]) -> None:
    from postflight.stats.simulation.tables import cell

    console = Console(highlight=False)
    for line in _sentences(trial.setting, results):
        console.print(line, soft_wrap=True)
    for title, bad in (
        ("False rollbacks of healthy traffic", False),
        ("Seconds to find bad traffic: median / p95", True),
    ):
        shown = Table(title=f"\n{title}", title_justify="left", title_style="bold")
        shown.add_column("Traffic")
        for result in results[0]:
            shown.add_column(result.arm, justify="right")
        for row in results:
            if row[0].bad is bad:
                shown.add_row(row[0].scenario, *map(cell, row))
        console.print(shown)
    for warning in warnings:
        console.print(f"[yellow]Warning:[/] {warning}", soft_wrap=True)


def _sentences(setting: "Setting", results: Sequence[Sequence["Result"]]) -> list[str]:
    """Return the results of an error rate that matter most, in words; slow answers have their tables only."""
    if all(result.arm != "fixed window" for result in results[0]):
        return []
    minutes = setting.duration / 60
    lines = []
    for row in results:
        if row[0].bad and row[0].scenario.endswith("from mid-watch"):
            found = {result.arm: f"{result.median:.0f} s (median), {result.p95:.0f} s (p95)" for result in row}
            share = row[0].scenario.removesuffix(" from mid-watch")
            lines.append(
                f"At {setting.rate:g} requests/s a {share} error rate is found in {found[row[0].arm]};"
                f" the plain fixed window: {found['fixed window']}."
            )
    for row in results:
        if not row[0].bad:
            false = {result.arm: f"{result.fired * 100:.3g} %" for result in row}
            lines.append(
                f"False rollbacks in {minutes:g} min, healthy traffic ({row[0].scenario}): {false[row[0].arm]};"
                f" the plain fixed window: {false['fixed window']}."
            )
    return lines
