"""What the load tests share: one short run of a profile, in processes of its own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from postflight.errors import ConfigError, NotEnoughEvidence
from postflight.load.cleanup import cleaned_up
from postflight.load.judging.outcome import error_of, read_measured
from postflight.load.orders import Orders
from postflight.load.runner import run_load
from postflight.load.safety import check_allowed
from postflight.pytest_plugin.fixtures import Measure
from postflight.pytest_plugin.run import Run

UnderLoad = Callable[[str], None]


@pytest.fixture
def under_load(run: Run, measure: Measure, pytestconfig: pytest.Config) -> UnderLoad:
    """Return a function that puts the deployment under load with a profile, in that profile's own shape."""
    option = pytestconfig.option

    def put(name: str) -> None:
        settings = run.budgets.load
        if name not in settings.profiles:
            raise ConfigError(f"budgets.yaml has no load profile {name!r}")
        profile = settings.profiles[name]
        shape = settings.shapes[profile.shape]
        if shape.stepped:  # there limits are meant to break: the stage would call that a fault of the deployment
            raise ConfigError(
                f"the shape {shape.name} of {name} goes up until a limit breaks: `postflight load {name}` judges that;"
                " give the profile a shape with stages in budgets.yaml"
            )
        check_allowed(run.deployment, profile, shape)
        reports = run.reports / f"load-{name}"
        orders = Orders(
            base_url=run.asked_url or "",
            platform=option.platform or "",
            environment=option.environment or "",
            deployments=str(option.deployments or ""),
            budgets=str(option.budgets or ""),
            shape=shape.name,
            reports=str(reports),
            run_id=f"{run.run_id}-{name}",
        )
        if run.target.ready:  # the reference platform runs already, and its address is in its line
            orders = replace(orders, base_url="")
        with cleaned_up(run.deployment, name, orders.run_id) as left:
            doc = run_load(name, shape, orders, ready=run.target.ready)
        for measured in read_measured(reports, name):
            measure(measured.metric, measured.value, unit=measured.unit, where=run.deployment.base_url)
        if (error := error_of(doc)) is not None:
            raise error
        if left.trouble:
            raise NotEnoughEvidence(left.trouble)

    return put
