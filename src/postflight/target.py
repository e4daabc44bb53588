"""What is verified: resolved once, and started first where it is the reference platform."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from postflight.config import choose, load_budgets, load_deployments, resolve
from postflight.config.budgets import Budgets
from postflight.config.rollback import RollbackWords
from postflight.model import Deployment
from postflight.reference_process import reference_platform


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options ask for. `ready` is the line of a reference platform that runs already."""

    base_url: str | None
    platform: str | None
    environment: str | None
    deployments: Path | None = None
    budgets: Path | None = None
    ready: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is verified, what is allowed, and the reference platform's ready line where it was started.

    `rollback` is what a rollback is there; None where none is configured, and so for every unknown address.
    """

    deployment: Deployment
    budgets: Budgets
    ready: str | None
    rollback: RollbackWords | None = None


@contextmanager
def opened(wanted: Wanted) -> Iterator[Target]:
    """Resolve what the options mean. The reference platform, where they mean it, runs until the block ends.

    Raises `CannotMeasure`, of which `ConfigError` is a kind.
    """
    url, platform, environment = wanted.base_url, wanted.platform, wanted.environment
    deployments = load_deployments(wanted.deployments)
    budgets = load_budgets(wanted.budgets, platforms=deployments.platforms)
    with ExitStack() as resources:
        ready = None
        choice = choose(deployments, base_url=url, platform=platform, environment=environment)
        if choice.needs_start:
            ready = wanted.ready or resources.enter_context(reference_platform(choice.start_arguments))
        deployment = resolve(
            deployments,
            base_url=url,
            platform=platform,
            environment=environment,
            environ=os.environ,
            ready=ready,
        )
        yield Target(deployment, budgets, ready, choice.entry.rollback if choice.entry else None)
