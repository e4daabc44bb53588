"""VEL-M2: what people did in the last day. Measured for the history, which compares it with the week before."""

import pytest

from postflight.model import Deployment, Unit
from postflight.probes.database import count_last_day
from postflight.pytest_plugin.fixtures import Exclude, Measure
from postflight.pytest_plugin.run import Run

pytestmark = [pytest.mark.smoke, pytest.mark.platform("velocity"), pytest.mark.covers("VEL-M2")]


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=pytest.mark.measures(f"usage.{what}"), id=what)
        for what in ("sessions", "projects", "previews")
    ],
)
def test_usage_is_counted(what: str, run: Run, deployment: Deployment, measure: Measure, exclude: Exclude) -> None:
    """What people did in the last day is counted"""
    usage = deployment.database.usage if deployment.database else {}
    if what not in usage:
        exclude(f"deployments.yaml does not say which table tells of {what} (`database: {{usage: ...}}`)")
    table, column = usage[what]
    measure(f"usage.{what}", count_last_day(deployment, table, column, run.redactor), unit=Unit.COUNT, where=table)
