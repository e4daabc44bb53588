"""`postflight serve`: the reference platform, to look at or to verify by hand."""

import subprocess
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """Start the reference platform and print its addresses as JSON (options: `postflight serve --help`)."""
    try:
        process = subprocess.Popen([sys.executable, "-m", "reference", *arguments])  # noqa: S603 - our own module
    except OSError as error:
        raise click.ClickException(f"the reference platform could not be started: {error}") from error
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:
            continue  # it has had the same Ctrl-C, and says goodbye by itself
