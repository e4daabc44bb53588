"""`postflight cleanup`: remove what interrupted runs left behind."""

import os
import sys
from contextlib import ExitStack

import click

from postflight.adapter import load_adapter
from postflight.config import load_deployments, resolve
from postflight.errors import PostflightError
from postflight.model import ExitCode
from postflight.probes.client import Client
from postflight.redact import Redactor, secrets_of


@click.command()
@click.option("--base-url", help="Address of the deployment.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", required=True, help="An environment of deployments.yaml.")
@click.option("--deployments", default="deployments.yaml", show_default=True, type=click.Path())
@click.option("--run", "run_id", default="", help="Only what this run left; default: what any run left.")
def cleanup(base_url: str | None, platform: str | None, environment: str, deployments: str, run_id: str) -> None:
    """Remove the projects and previews that interrupted runs left behind, by the names that runs give."""
    with ExitStack() as resources:
        try:
            deployment = resolve(
                load_deployments(deployments),
                base_url=base_url,
                platform=platform,
                environment=environment,
                environ=os.environ,
            )
            redactor = Redactor(secrets_of(deployment))
            client = resources.enter_context(Client(deployment, redactor, run_id="cleanup"))
            removed = client.run(load_adapter(deployment).clean_up(deployment.accounts.values(), run_id), deadline=300)
        except PostflightError as error:
            click.echo(f"could not clean up: {error}", err=True)
            sys.exit(ExitCode.INVALID)
    click.echo(f"removed {len(removed)}: {', '.join(removed)}" if removed else "nothing was left behind")
