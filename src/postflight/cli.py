"""The command line. Each command is a module of `commands`, loaded only when it is used."""

import importlib

import click

COMMANDS = {  # name -> "module:attribute"
    "browser": "postflight.commands.browser:browser",
    "cleanup": "postflight.commands.cleanup:cleanup",
    "compare": "postflight.commands.compare:command",
    "config": "postflight.commands.config:config",
    "contract": "postflight.commands.contract:contract",
    "coverage": "postflight.commands.coverage:coverage",
    "csp": "postflight.commands.csp:csp",
    "gate": "postflight.commands.gate:gate",
    "headers": "postflight.commands.headers:headers",
    "history": "postflight.commands.history:history",
    "lighthouse": "postflight.commands.lighthouse:lighthouse",
    "rollback": "postflight.commands.rollback:rollback",
    "load": "postflight.commands.load:load",
    "serve": "postflight.commands.serve:serve",
    "replay": "postflight.commands.replay:replay",
    "simulate": "postflight.commands.simulate:command",
    "watch": "postflight.commands.watch:watch",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return one command, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is no click command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="postflight")
def main() -> None:
    """Verify a web platform right after it was deployed, and decide: promote, hold or roll back."""
