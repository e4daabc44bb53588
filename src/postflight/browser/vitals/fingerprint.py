"""What kind of run it was. Figures of one kind are never compared with those of another."""

from dataclasses import dataclass

from postflight.host import describe_host


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Browser with its kind and version, visitor's profile, and the machine. Equal for runs that may be compared."""

    browser: str  # "headless-shell 156.0.8078.79"
    profile: str
    host: str

    def __str__(self) -> str:
        """In one line, for the reports."""
        return f"{self.profile} in {self.browser} on {self.host}"


def fingerprint(browser: str, profile: str) -> Fingerprint:
    """Return the kind of a run in this process."""
    return Fingerprint(browser, profile, describe_host())
