"""What the control plane knows: the project, its deployments, and the switch that was asked for last."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from reference.releases import Release, Switch

NAME = "velocity"
_BEGINS_AFTER = 0.1  # seconds from accepting a request to the switch: Vercel, too, answers first and works then

Json = dict[str, object]
Kind = Literal["promote", "rollback"]


@dataclass(frozen=True, slots=True)
class Staged:
    """A release as the control plane knows it. Times in milliseconds since 1970."""

    release: Release
    created: int


@dataclass(slots=True)
class AliasRequest:
    """The last promotion or rollback: `lastAliasRequest` of a project."""

    type: Kind
    source: str
    target: str
    requested: int
    status: Literal["pending", "in-progress", "succeeded", "failed"] = "pending"

    def json(self) -> Json:
        """Return it as Vercel does."""
        return {
            "type": self.type,
            "fromDeploymentId": self.source,
            "toDeploymentId": self.target,
            "requestedAt": self.requested,
            "jobStatus": self.status,
        }


@dataclass(slots=True)
class Project:
    """The one project that there is."""

    switch: Switch
    deployments: tuple[Staged, ...]  # newest first
    public_url: str
    id: str = field(default_factory=lambda: f"prj_{secrets.token_urlsafe(21)}")
    account: str = field(default_factory=lambda: f"team_{secrets.token_urlsafe(18)}")
    assigns_domains: bool = True  # whether the next production build goes live by itself; a rollback turns it off
    last: AliasRequest | None = None
    last_rollback: AliasRequest | None = None
    live: Release = field(init=False)  # as far as the control plane knows
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with the release that is live."""
        self.live = self.switch.live

    @property
    def is_busy(self) -> bool:
        """Whether a promotion or rollback is under way."""
        return self.last is not None and self.last.status in ("pending", "in-progress")

    def find(self, identity: str) -> Staged | None:
        """Return the deployment with this id or host."""
        return next((each for each in self.deployments if identity in (each.release.id, host_of(each.release))), None)

    def has_served(self, release: Release) -> bool:
        """Whether production traffic has ever gone to it: only such a one can be rolled back to."""
        return release in self.switch.served

    def request(self, kind: Kind, release: Release) -> None:
        """Accept: the switch is made afterwards."""
        self.last = AliasRequest(kind, self.live.id, release.id, _now())
        if kind == "rollback":
            self.last_rollback = self.last
        self.assigns_domains = kind == "promote"
        task = asyncio.create_task(self._switch(self.last, release))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _switch(self, request: AliasRequest, release: Release) -> None:
        await asyncio.sleep(_BEGINS_AFTER)
        request.status = "in-progress"
        try:
            await self.switch.to(release)
        except OSError:  # the port of the public address was taken while connections were refused
            request.status = "failed"
            raise
        self.live = release
        request.status = "succeeded"


def host_of(release: Release) -> str:
    """Return the address of a release as Vercel tells it: without a scheme."""
    return urlsplit(release.url).netloc


def _now() -> int:
    return round(time.time() * 1000)
