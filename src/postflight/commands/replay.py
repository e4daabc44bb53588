"""`postflight replay`: decide a watch again from its ledger, and show that nothing else decided it."""

import sys
from pathlib import Path

import click

from postflight.errors import CannotMeasure
from postflight.model import ExitCode
from postflight.watch.ledger import read_ledger
from postflight.watch.replay import replay as decide_again


@click.command()
@click.argument("ledger", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def replay(ledger: Path) -> None:
    """Recompute every number, call and verdict of a LEDGER. Exits with the verdict's code, 30 when a digit differs."""
    try:
        found = decide_again(read_ledger(ledger))
    except CannotMeasure as error:
        click.echo(f"DIFFERS  {error}", err=True)
        sys.exit(ExitCode.INVALID)
    header, state = found.header, found.state
    click.echo(f"{header.base_url} ({header.platform}/{header.environment}), watched from {header.started}")
    click.echo(f"{state.blocks} of {state.plan.blocks} blocks, alpha {state.plan.alpha:g}")
    for called in state.calls:
        click.echo(f"block {called.number}: {called.trigger}: {called.judgement.reason}")
    for reason in found.verdict.reasons:
        click.echo(f"{reason.decision.value}: {reason.text}")
    for action in found.actions:
        click.echo(f"action {action.action}: {action.stage}: {action.text}")
    ended = "reproduced to the last digit" if found.ended else "the watch did not end: this is what its blocks allow"
    click.echo(f"{found.verdict.decision.value.upper()}  {ended}")
    sys.exit(found.verdict.decision.exit_code)
