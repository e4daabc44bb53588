"""`postflight cleanup`: remove what interrupted runs left behind."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from postflight.adapter import load_adapter
from postflight.commands.options import deployments_option
from postflight.errors import ConfigError, PostflightError
from postflight.model import Deployment, ExitCode
from postflight.probes.client import Client
from postflight.target import Wanted, opened


@click.command()
@click.option("--base-url", help="Address of the deployment.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", required=True, help="An environment of deployments.yaml.")
@deployments_option
@click.option("--run", "run_id", default="", help="Only what this run left; default: what any run left.")
def cleanup(
    base_url: str | None, platform: str | None, environment: str, deployments: Path | None, run_id: str
) -> None:
    """Remove the projects and previews that interrupted runs left behind, by the names that runs give."""
    wanted = Wanted(base_url, platform, environment, deployments)
    with ExitStack() as resources:
        try:
            deployment = resources.enter_context(opened(wanted)).deployment
            _require_accounts(deployment)
            client = resources.enter_context(Client(deployment, "cleanup"))
            flow = load_adapter(deployment).clean_up(deployment.accounts.values(), run_id)
            removed = client.run(flow, deadline=300)
        except PostflightError as error:
            click.echo(f"could not clean up: {error}", err=True)
            sys.exit(ExitCode.INVALID)
    click.echo(f"removed {len(removed)}: {', '.join(removed)}" if removed else "nothing was left behind")


def _require_accounts(deployment: Deployment) -> None:
    """Raise `ConfigError` when an account cannot be looked into: what it left would be taken for nothing."""
    if deployment.missing_secrets or not deployment.accounts:
        missing = ", ".join(f"${name}" for name in deployment.missing_secrets) or "an entry under `accounts:`"
        where = f"{deployment.platform}/{deployment.environment}"
        raise ConfigError(f"{where}: {missing} is missing, and without it nobody can see what was left behind")
