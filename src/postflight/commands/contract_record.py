"""`postflight contract record`: keep the calls of this release's clients, to hold later releases to them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ConfigDict, JsonValue

from postflight.adapter import load_adapter
from postflight.checks.invariants.examples import Call, play
from postflight.commands.options import deployments_option
from postflight.errors import ConfigError, PostflightError
from postflight.model import Account
from postflight.probes.client import Client
from postflight.redact import Redactor
from postflight.run_id import new_run_id
from postflight.target import Wanted, opened

FOLDER = Path("contract/examples")
NOT_RECORDED = 30


class _Recorded(BaseModel):
    """One call as it is written down."""

    model_config = ConfigDict(extra="forbid")

    operation: str
    method: str
    path: str
    body: JsonValue = None
    keep: dict[str, str] = {}
    signed_in: bool = True
    status: int
    shape: JsonValue = None


@click.command("record")
@click.option("--base-url", help="Address of the deployment; default: as deployments.yaml says.")
@click.option("--platform", help="A platform of deployments.yaml.")
@click.option("--environment", help="An environment of deployments.yaml; default: the reference platform on loopback.")
@click.option("--release", help="What it is called; default: the version that its health tells.")
@deployments_option
@click.option("--into", default=FOLDER, show_default=True, type=click.Path(path_type=Path, file_okay=False))
def record(release: str | None, into: Path, deployments: Path | None, **where: str | None) -> None:
    """Make the calls of today's clients once, and write down what was asked and the shape of what came.

    The contract stage makes these calls again in every later release: they must still work. No secret and no value of
    an answer is written. Exit code 0: written. 30: it could not be recorded.
    """
    try:
        path = _record(Wanted(where["base_url"], where["platform"], where["environment"], deployments), release, into)
    except PostflightError as error:
        click.echo(f"postflight contract record: {error}", err=True)
        raise SystemExit(NOT_RECORDED) from None
    click.echo(f"wrote {path}")


def _record(wanted: Wanted, release: str | None, into: Path) -> Path:
    run_id = new_run_id()
    with opened(wanted) as target:
        deployment = target.deployment
        allowed = deployment.permissions
        if not (allowed.may_create and allowed.may_fuzz):
            where = f"{deployment.platform}/{deployment.environment}"
            raise ConfigError(
                f"{where} does not allow to create and fuzz (deployments.yaml, `allow`): record elsewhere"
            )
        adapter = load_adapter(deployment)
        if "primary" not in deployment.accounts:
            raise ConfigError("recording needs the account `primary` (deployments.yaml, `accounts`)")
        with Client(deployment, run_id, Redactor.of(deployment)) as client:
            health = client.run(adapter.health("web", deployment.services["web"].health or "/api/health"))
            values = values_for(deployment.accounts["primary"], run_id)
            calls = tuple(adapter.client_calls())
            exchanges = client.run(play(calls, values))
    recorded = tuple(call.recorded(exchange.response) for call, exchange in zip(calls, exchanges, strict=True))
    if failed := [one.name for one in exchanges if one.status >= 400]:
        raise ConfigError(f"{failed[0]} fails in this release itself: it is no example for later ones")
    path = into / f"{deployment.platform}-{release or health.get('version', 'unknown')}.json"
    write(path, recorded)
    return path


def values_for(account: Account, run_id: str) -> Mapping[str, str]:
    """Return what fills the places of recorded calls."""
    return {"email": account.email.reveal(), "password": account.password.reveal(), "run": run_id}


def write(path: Path, calls: tuple[Call, ...]) -> None:
    """Write recorded calls."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {"version": 1, "calls": [asdict(call) for call in calls]}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> tuple[Call, ...]:
    """Read recorded calls. Raises `ConfigError` for a file that holds none."""
    try:
        document = json.loads(path.read_bytes())
        return tuple(Call(**dict(_Recorded.model_validate(one))) for one in document["calls"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} holds no recorded calls: {error}; write it with `postflight contract record`"
        ) from error
