"""What `postflight gate --stage` means: whole stages, or the stage set of one phase of a deployment. No I/O.

A set's checks are chosen by the requirements that they cover, so a test that is added for a requirement is in the set
at once. A requirement of a set that no check covers makes the set invalid: it would be green on nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from postflight.errors import ConfigError
from postflight.model import Deployment, Finding, Status
from postflight.stage_process import STAGES


@dataclass(frozen=True, slots=True)
class Part:
    """What gets a verdict of its own. `covers`: only the checks of these requirements; empty: all of them."""

    name: str
    stages: tuple[str, ...]
    covers: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether this is a stage set, and no stage."""
        return self.name not in STAGES

    def path(self, stage: str) -> str:
        """Return the folder of a stage's reports, relative to those of the gate: `smoke`, or `backend/smoke`."""
        return f"{self.name}/{stage}" if self.is_set else stage

    def gaps(self, findings: Sequence[Finding]) -> Iterator[str]:
        """Yield in words what keeps a set from having verified what it is for, once all its stages were run."""
        found = {requirement for finding in findings for requirement in finding.covers}
        if missing := [requirement for requirement in self.covers if requirement not in found]:
            yield f"no check of {', '.join(self.stages)} covers {', '.join(missing)}"
        if self.is_set and all(finding.status is Status.EXCLUDED for finding in findings):
            yield f"verified nothing: all its {len(findings)} checks are excluded here by configuration"


def choose_parts(names: Sequence[str], deployment: Deployment) -> tuple[Part, ...]:
    """Return the parts of these names, each once. Raises `ConfigError` for a set that the platform does not have."""
    return tuple(_part(name, deployment) for name in dict.fromkeys(names))


def _part(name: str, deployment: Deployment) -> Part:
    if name in STAGES:
        return Part(name, (name,))
    if (found := deployment.stage_sets.get(name)) is None:
        known = ", ".join(deployment.stage_sets) or "none"
        raise ConfigError(
            f"--stage {name}: deployments.yaml has no stage set {name!r} for {deployment.platform} (it has: {known});"
            f" write one under platforms.{deployment.platform}.stage_sets",
            where="deployments.yaml",
        )
    return Part(name, found.stages, found.covers)
