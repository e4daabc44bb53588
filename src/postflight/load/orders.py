"""What a run of load is asked to do, as options of Locust's command line. Imports no Locust: both sides read it.

`runner` writes them for the processes that it starts; somebody who types `locust` writes them by hand.
"""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postflight.target import Wanted

PROGRESS_VARIABLE = "POSTFLIGHT_LOAD_PROGRESS_FD"  # where the process that decides writes one JSON line each second
LIFELINE_VARIABLE = "POSTFLIGHT_LOAD_LIFELINE_FD"  # closed when whoever started this process is gone
BUDGETS_VARIABLE = "POSTFLIGHT_BUDGETS"  # the locustfile needs the profiles before there are options


@dataclass(frozen=True, slots=True)
class Orders:
    """What is verified, with how much load, and where the verdict goes. Empty: as the files say."""

    base_url: str = ""
    platform: str = ""
    environment: str = ""
    deployments: str = ""
    budgets: str = ""
    shape: str = ""
    rate: float = 0.0  # flows per second at 100 %; 0: the profile's own
    seed: int = 1
    reports: str = "reports/load"
    run_id: str = ""
    i_mean_it: str = ""

    def wanted(self, ready: str | None = None) -> Wanted:
        """Return what `target.opened` needs to know."""
        deployments, budgets = (Path(path) if path else None for path in (self.deployments, self.budgets))
        return Wanted(
            self.base_url or None, self.platform or None, self.environment or None, deployments, budgets, ready
        )

    def arguments(self) -> list[str]:
        """Return them as options, only those that say something."""
        default = Orders()
        return [
            f"{_option(name)}={getattr(self, name)}"
            for name in Orders.__slots__
            if getattr(self, name) != getattr(default, name)
        ]


@dataclass(frozen=True, slots=True)
class Beat:
    """What a run tells each second: of flows that were due two seconds ago, how many, and the answers so far."""

    at: float
    due: float
    ended: float
    failed: float
    p50: float | None
    p99: float | None
    lights: Mapping[str, str]  # metric -> green, amber or red


HELP = {
    "base_url": "address of the deployment; default: as deployments.yaml says",
    "platform": "a platform of deployments.yaml",
    "environment": "an environment of deployments.yaml; default: the reference platform on loopback",
    "deployments": "[deployments.yaml]",
    "budgets": f"[budgets.yaml]; for the class picker also ${BUDGETS_VARIABLE}",
    "shape": "a shape of budgets.yaml; default: the profile's own",
    "rate": "flows per second at 100 %; 0: the profile's own",
    "seed": "of the arrivals",
    "reports": "where verdict.json, result.json, the chart ... go",
    "run_id": "of this run",
    "i_mean_it": "the host of a production environment, typed exactly",
}
SHOWN = frozenset({"rate", "seed", "i_mean_it"})  # fields of Locust's form


def add_options(parser: Any) -> None:
    """Add them to Locust's parser."""
    default = Orders()
    for name in Orders.__slots__:
        value = getattr(default, name)
        parser.add_argument(
            _option(name), type=type(value), default=value, help=HELP[name], include_in_web_ui=name in SHOWN
        )


def read_options(options: argparse.Namespace) -> Orders:
    """Read them back."""
    default = Orders()
    return Orders(**{name: getattr(options, name, getattr(default, name)) for name in Orders.__slots__})


def class_name(name: str) -> str:
    """Return `PreviewStart` for `preview-start`: the name of a profile's or a shape's class in Locust's pickers."""
    return "".join(part.capitalize() for part in re.split(r"[-_]", name))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
