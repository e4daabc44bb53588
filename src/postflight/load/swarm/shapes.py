"""Shapes of `budgets.yaml` for Locust's shape picker. They say when a run is over; how much is sent the plan says."""

from collections.abc import Mapping
from typing import Any, ClassVar

from locust import LoadTestShape

from postflight.config.load import Shape
from postflight.load.orders import class_name

SESSION = "postflight_session"  # attribute of Locust's environment


class PlannedShape(LoadTestShape):
    """A shape of `budgets.yaml`. Subclasses say which."""

    abstract = True
    shape: ClassVar[Shape]

    def tick(self) -> Any:
        """Return users and spawn rate, or None when the run is over."""
        session = getattr(self.runner.environment, SESSION, None) if self.runner else None
        return session.tick() if session is not None else None


def shapes_of(shapes: Mapping[str, Shape]) -> dict[str, type[PlannedShape]]:
    """Return one class for each shape."""
    return {
        class_name(name): type(
            class_name(name),
            (PlannedShape,),
            {"shape": shape, "abstract": False, "__module__": __name__, "__doc__": f"{shape.seconds:g} s."},
        )
        for name, shape in shapes.items()
    }
