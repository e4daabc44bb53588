"""What a check of headers, cookies, CORS, TLS or a policy says. Frozen, and free of secrets."""

from dataclasses import dataclass
from enum import StrEnum

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
