"""VEL-S2, VEL-S3: what clients of earlier releases ask still works. `postflight contract record` keeps their calls."""

from collections.abc import Callable
from pathlib import Path

import pytest

from platforms.velocity import PREFIX
from postflight.checks.invariants.examples import play, still_work
from postflight.commands.contract_record import load, values_for
from postflight.model import Account
from postflight.probes.client import Client

from .conftest import Hold

pytestmark = [
    pytest.mark.contract,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S2", "VEL-S3"),
    pytest.mark.needs("create", "fuzz"),
]

RELEASES = sorted((Path(__file__).parents[1] / "examples").glob("velocity-*.json"))


@pytest.mark.parametrize("recording", RELEASES, ids=lambda path: path.stem)
def test_calls_of_earlier_releases_work(
    api: Client, account: Callable[[str], Account], mark: str, recording: Path, hold: Hold
) -> None:
    """Every recorded call is answered as it was then"""
    calls = load(recording)
    run = mark.removeprefix(PREFIX).rstrip("-")
    hold(still_work(calls, api.run(play(calls, values_for(account("primary"), run)))))
