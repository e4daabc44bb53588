"""`postflight rollback`: a person pulls a trigger that nobody can measure, or tries what a rollback would do."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from postflight.commands.acting import Acting, act_on, go_on, stand_by
from postflight.commands.ending import polite_end
from postflight.commands.options import budgets_option, deployments_option, reports_option
from postflight.config.nearest import did_you_mean
from postflight.config.rollback import Part
from postflight.errors import ConfigError, PostflightError
from postflight.model import Decision, ExitCode
from postflight.report import terminal
from postflight.rollback.model import Stage
from postflight.rollback.standby import ACTING, Cause
from postflight.run_id import new_run_id
from postflight.stats.rules import Do, Rule
from postflight.target import Wanted, opened


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    trigger: str
    reason: str
    scope: str
    release: str
    act: bool
    base_url: str | None
    platform: str | None
    environment: str | None
    reports: Path
    deployments: Path | None
    budgets: Path | None


@click.command()
@click.option("--trigger", required=True, help="A trigger of budgets.yaml, for example one under `manual:`.")
@click.option("--reason", default="", help="Why, in a sentence: for the ledger, and for those who are told.")
@click.option(
    "--scope",
    type=click.Choice([part.value for part in Part]),
    default=Part.FULL.value,
    show_default=True,
    help="Only the steps for this part of the platform.",
)
@click.option(
    "--release",
    envvar="POSTFLIGHT_RELEASE",
    default="",
    help="The release to be rolled back; default: the one that serves.",
)
@click.option("--act", is_flag=True, help="Do it. Without this, what would be done is said.")
@click.option("--base-url", help="Address of the deployment; default: as deployments.yaml says.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", help="An environment of deployments.yaml.")
@reports_option
@deployments_option
@budgets_option
def rollback(**given: object) -> None:
    """Roll back, as `rollback:` of deployments.yaml says, exactly once for each release.

    Exits 0 when it was done and what serves then is good, 10 when a person must look, 30 when it could not be begun.
    """
    console = Console(highlight=False)
    try:
        with polite_end():
            code = _run(Options(**given), console)  # type: ignore[arg-type]  # click has checked the types
    except (PostflightError, KeyboardInterrupt) as error:
        console.print(terminal.plain(f"INVALID  {error or 'interrupted'}", terminal.STYLE[Decision.INVALID]))
        code = ExitCode.INVALID
    sys.exit(code)


def _run(options: Options, console: Console) -> int:
    wanted = Wanted(options.base_url, options.platform, options.environment, options.deployments, options.budgets)
    acting = Acting(options.act, options.release, options.reports, options.deployments, options.budgets)
    with opened(wanted) as target:
        do = _asks_for(options.trigger, target.budgets.rules_of(target.deployment.platform))
        standby = stand_by(target, acting, new_run_id(), console)
        if standby is None:
            return ExitCode.INVALID
        now = datetime.now(UTC).isoformat(timespec="seconds")
        reasons = (standby.redactor.text(options.reason) or "a person pulled the trigger",)
        done = go_on(standby, acting, console)
        if done is not None and not options.release:
            return done.verdict.decision.exit_code  # it was pulled before: once is enough
        done = act_on(standby, Cause(options.trigger, do, reasons, now, Part(options.scope)), acting, console)
    if done is None:
        return ExitCode.INVALID
    if not options.act:
        could = all(outcome.stage is Stage.INTENT for outcome in done.outcomes)
        return ExitCode.PROMOTE if could else ExitCode.HOLD
    return done.verdict.decision.exit_code


def _asks_for(trigger: str, rules: tuple[Rule, ...]) -> Do:
    """Return what a trigger asks for. Raises `ConfigError` for one that is not there, or does not act."""
    known = {rule.name: rule.do for rule in rules}
    if trigger not in known:
        raise ConfigError(f"budgets.yaml has no trigger {trigger!r} for this platform{did_you_mean(trigger, known)}")
    if known[trigger] not in ACTING:
        raise ConfigError(f"trigger {trigger} asks for {known[trigger].value}, which is nothing to be done")
    return known[trigger]
