"""VRO-D1, the database phase: what the release's migration makes is there. Read only."""

import pytest

from postflight.errors import UnexpectedAnswer
from postflight.model import Deployment
from postflight.probes.database import find_missing
from postflight.pytest_plugin.fixtures import Exclude
from postflight.pytest_plugin.run import Run

pytestmark = [pytest.mark.smoke, pytest.mark.covers("VRO-D1")]


def test_database_is_migrated(run: Run, deployment: Deployment, exclude: Exclude) -> None:
    """The database has the tables, columns and migration that this release needs"""
    expected = deployment.database
    if expected is None:
        exclude("deployments.yaml says nothing of a database here")
    missing = find_missing(deployment, expected, run.redactor)
    if missing:
        told = ", ".join(missing)
        raise UnexpectedAnswer(
            f"the database lacks {told}: the migration was not run, or not all of it",
            expected="what `database:` in deployments.yaml lists",
            seen=f"no {told}",
            where="PostgreSQL",
        )
