"""`postflight config`: check the YAML files, and write their JSON Schemas for editors."""

import json
from pathlib import Path

import click

from postflight.config import budgets, deployments
from postflight.config.budgets import BudgetsDocument, load_budgets
from postflight.config.deployments import Deployments, Platform, load_deployments
from postflight.config.document import Document
from postflight.errors import ConfigError
from postflight.report import document as verdict_document

SCHEMAS: dict[str, type[Document]] = {"deployments": Deployments, "budgets": BudgetsDocument}
FOLDER = Path("schemas")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def config() -> None:
    """Check deployments.yaml and budgets.yaml, and write their schemas."""


@config.command()
@click.option("--deployments", "deployments_file", type=_FILE, help="instead of deployments.yaml in this folder")
@click.option("--budgets", "budgets_file", type=_FILE, help="instead of budgets.yaml in this folder")
def check(deployments_file: Path | None, budgets_file: Path | None) -> None:
    """Check both files, and name every problem with its file, line and remedy. Exits 1 when there is one."""
    problems: list[str] = []
    platforms: dict[str, Platform] | None = None
    try:
        platforms = load_deployments(deployments_file or Path(deployments.FILE)).platforms
    except ConfigError as error:
        problems.append(str(error))
    try:
        load_budgets(budgets_file or Path(budgets.FILE), platforms=platforms)
    except ConfigError as error:
        problems.append(str(error))
    if problems or platforms is None:
        raise click.ClickException("\n".join(problems))
    count = sum(len(platform.environments) for platform in platforms.values())
    click.echo(f"good: {len(platforms)} platforms, {count} environments, and their budgets")


@config.command()
@click.option("--write", is_flag=True, help="into schemas/, where the files' first lines point to")
def schema(*, write: bool) -> None:
    """Print the JSON Schemas of the files as one object, or write them."""
    if not write:
        click.echo(json.dumps({name: document.model_json_schema() for name, document in SCHEMAS.items()}, indent=2))
        return
    FOLDER.mkdir(exist_ok=True)
    for name in SCHEMAS:
        (FOLDER / f"{name}.schema.json").write_text(schema_text(name), encoding="utf-8")
    (FOLDER / "verdict.schema.json").write_text(verdict_document.schema_text(), encoding="utf-8")


def schema_text(name: str) -> str:
    """Return the JSON Schema of `deployments` or `budgets`, as it is committed."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMAS[name].model_json_schema()}
    return json.dumps(draft, indent=2) + "\n"
