"""Options that several commands have, in the same words."""

from pathlib import Path

import click

reports_option = click.option(
    "--reports", default="reports", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
deployments_option = click.option("--deployments", type=click.Path(path_type=Path), help="[default: deployments.yaml]")
budgets_option = click.option("--budgets", type=click.Path(path_type=Path), help="[default: budgets.yaml]")
