"""`postflight lighthouse`: whether Lighthouse is here, and how to get it."""

import click

from postflight.browser.lighthouse import VERSION, find_lighthouse, home, install_lighthouse
from postflight.errors import CannotMeasure, NotEnoughEvidence
from postflight.model import ExitCode


@click.group(invoke_without_command=True)
@click.pass_context
def lighthouse(context: click.Context) -> None:
    """Show the Lighthouse that is used here; exit code 30 when there is none."""
    if context.invoked_subcommand is None:
        try:
            click.echo(" ".join(find_lighthouse().command))
        except (CannotMeasure, NotEnoughEvidence) as error:
            refuse(context, error)


@lighthouse.command()
@click.pass_context
def install(context: click.Context) -> None:
    """Bring Lighthouse here with npm, in exactly the version that Postflight was tested with (about 180 MB)."""
    click.echo(f"Lighthouse {VERSION} in {home()} ...", err=True)
    try:
        click.echo(" ".join(install_lighthouse().command))
    except CannotMeasure as error:
        refuse(context, error)


def refuse(context: click.Context, error: Exception) -> None:
    """End with the sentence and the exit code of an invalid measurement."""
    click.echo(f"postflight: {error}", err=True)
    context.exit(ExitCode.INVALID)
