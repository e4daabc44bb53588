"""What a check of headers, cookies, CORS, TLS or a policy says. Frozen, and free of secrets."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from postflight.model import Weakness

MAX_VALUE = 300  # characters of a header's value that are shown


class Severity(StrEnum):
    """How much a finding matters. `high`: an attack that the header exists for succeeds."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for `high`, 3 for `info`: findings sort by it."""
        return list(Severity).index(self)

    def at_least(self, other: "Severity") -> bool:
        """Whether this is as severe as `other`, or more."""
        return self.rank <= other.rank

    @property
    def milder(self) -> "Severity":
        """The next lower severity; `info` stays `info`."""
        return list(Severity)[min(self.rank + 1, len(Severity) - 1)]


@dataclass(frozen=True, slots=True)
class HeaderFinding:
    """One defect (or remark) about one header of one answer."""

    id: str  # stable and kebab-case: `hsts-short`; waivers and SARIF rules are named by it
    severity: Severity
    header: str  # as its standard writes it, or `TLS`, `URL`
    value: str  # what was seen, bounded; never a cookie's or token's value
    message: str  # one sentence: what a browser does with it, or does not
    remedy: str
    covers: tuple[str, ...] = ()  # ids of requirements: `VEL-X1`

    def __post_init__(self) -> None:
        """Bound what the target chose."""
        if len(self.value) > MAX_VALUE:
            object.__setattr__(self, "value", self.value[: MAX_VALUE - 1] + "…")

    def weakness(self, where: str, *, coming: bool = False) -> Weakness:
        """Return it as what a check's finding keeps; `where` is free of secrets."""
        return Weakness(
            self.id, self.severity.value, self.header, self.value, self.message, self.remedy, where, self.covers, coming
        )

    def as_json(self) -> dict[str, str | list[str]]:
        """Return the finding as `--json` prints it."""
        return {
            "id": self.id,
            "severity": self.severity.value,
            "header": self.header,
            "value": self.value,
            "message": self.message,
            "remedy": self.remedy,
            "covers": list(self.covers),
        }


class PolicyFinding(Protocol):
    """What an evaluator of Content-Security-Policy says; frozen, as `postflight.checks.csp.CspFinding` is."""

    @property
    def id(self) -> str:
        """Stable, kebab-case."""

    @property
    def severity(self) -> StrEnum:
        """By value one of `Severity`."""

    @property
    def directive(self) -> str:
        """As written in the policy."""

    @property
    def value(self) -> str:
        """As written in the policy."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def remedy(self) -> str:
        """What to do."""


def of_policy(found: PolicyFinding) -> HeaderFinding:
    """Return a policy's finding among those of the other headers; its value is `directive value`."""
    return HeaderFinding(
        found.id,
        Severity(found.severity.value),
        "Content-Security-Policy",
        f"{found.directive} {found.value}".strip(),
        found.message,
        found.remedy,
        ("P13-X1",),
    )
