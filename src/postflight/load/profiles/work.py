"""What a load profile does, as its platform's adapter says it: flows, and who sends them. Pure.

An arrival is a flow that the engine runs as it is. How it ends says what it counts as:

    returns                  a success
    `DeploymentFault`        a failure of the deployment
    `NotEnoughEvidence`      a refusal (the pool is full): counted apart, neither a success nor a failure
    any other error          the measurement is invalid
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from postflight.errors import ConfigError, NotAllowed
from postflight.flow import Flow
from postflight.model import Account, Deployment


class Work(Protocol):
    """A profile at work in one process."""

    def prepare(self) -> Flow[None]:
        """Take what all arrivals need, before the first of them. These requests are not measured."""

    def arrive(self, number: int) -> Flow[None]:
        """Do what arrival `number` (0, 1, 2 ... in this process) does."""

    def conclude(self) -> Flow[None]:
        """Give back what was taken, after the last arrival. What a killed process leaves, `load.cleanup` removes."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which of how many processes this is. What a run may do at most is divided among them."""

    worker: int = 0
    workers: int = 1

    def of(self, total: int) -> int:
        """Return this process's part of `total`."""
        return total // self.workers + (self.worker < total % self.workers)


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends the load: for which profile and run, and as which of its processes."""

    profile: str
    deployment: Deployment
    run_id: str
    share: Share = Share()

    @property
    def place(self) -> str:
        """The deployment, as messages name it."""
        return f"{self.deployment.platform}/{self.deployment.environment}"

    def may_create(self) -> None:
        """Raise `NotAllowed` unless it may create what it needs."""
        self._require(self.deployment.permissions.may_create, "create")

    def may_exhaust(self) -> None:
        """Raise `NotAllowed` unless it may fill a pool up to its limit."""
        self._require(self.deployment.permissions.may_exhaust, "exhaust_pool")

    def _require(self, allowed: bool, permission: str) -> None:  # noqa: FBT001 - only called from above
        if not allowed:
            raise NotAllowed(
                f"profile {self.profile} needs `allow: [{permission}]` of {self.place} in deployments.yaml"
            )

    def secret(self, name: str) -> str:
        """Return the value of a secret. Raises `ConfigError` when it is missing."""
        secret = self.deployment.secrets.get(name)
        if secret is None:
            unset = ", ".join(f"${variable}" for variable in self.deployment.missing_secrets)
            hint = f"; not set: {unset}" if unset else " in deployments.yaml"
            raise ConfigError(f"profile {self.profile} needs the secret {name!r} of {self.place}{hint}")
        return secret.reveal()

    def limit(self, name: str) -> int:
        """Return a limit as a whole number. Raises `ConfigError` when `deployments.yaml` does not give it."""
        limit = self.deployment.limits.get(name)
        if limit is None:
            raise ConfigError(f"profile {self.profile} needs `limits.{name}` of {self.place} in deployments.yaml")
        return int(limit.value)

    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts that sign in. Raises `ConfigError` when there is none."""
        if not self.deployment.accounts:
            unset = ", ".join(f"${variable}" for variable in self.deployment.missing_secrets)
            hint = f"set {unset}" if unset else "add `accounts` in deployments.yaml"
            raise ConfigError(f"profile {self.profile} signs in to {self.place}, and there is no account: {hint}")
        return tuple(self.deployment.accounts.values())

    def name_of(self, thing: object) -> str:
        """Return a name for something to be created, which is this run's and this process's alone."""
        return f"{self.run_id}-{self.share.worker}-{thing}"


MakeWork = Callable[[Party], Work]
