"""`postflight browser`: which Chromium is used here, and how to get one."""

import click

from postflight.browser.find import Browser, find_browser
from postflight.browser.install import install_browser
from postflight.errors import BrowserUnavailable
from postflight.model import ExitCode


@click.group(invoke_without_command=True)
@click.pass_context
def browser(context: click.Context) -> None:
    """Show the browser that is used here; exit code 30 when none can be started."""
    if context.invoked_subcommand is None:
        try:
            show(find_browser())
        except BrowserUnavailable as error:
            refuse(context, error)


@browser.command()
@click.option("--quiet", is_flag=True, help="Say nothing when a browser is already here.")
@click.pass_context
def install(context: click.Context, *, quiet: bool) -> None:
    """Use the browser that is here, or install one: Playwright's headless shell, else Debian's."""
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        click.echo(text, err=True)

    try:
        found = install_browser(say=say)
    except BrowserUnavailable as error:
        refuse(context, error)
    else:
        if said or not quiet:
            show(found)


def show(found: Browser) -> None:
    """Print one line about a browser."""
    sandbox = "" if found.sandboxed else ", without its sandbox"
    click.echo(f"{found.executable} ({found.kind} {found.version}{sandbox})")


def refuse(context: click.Context, error: BrowserUnavailable) -> None:
    """End with the sentence and the exit code of an invalid measurement."""
    click.echo(f"postflight: {error}", err=True)
    context.exit(ExitCode.INVALID)
