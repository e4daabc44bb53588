"""Reading `deployments.yaml` and `budgets.yaml` into the model: strict, with errors that name file, line and remedy."""

from postflight.config.budgets import Budgets, load_budgets
from postflight.config.deployments import load_deployments
from postflight.config.resolve import choose, resolve

__all__ = ["Budgets", "choose", "load_budgets", "load_deployments", "resolve"]
