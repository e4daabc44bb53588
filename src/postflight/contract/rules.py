"""What the contract stage may send to a deployment. Pure: the transport asks, and keeps the promise."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

READING = ("GET", "HEAD")
Origin = tuple[str, str, int | None]  # scheme, host, port; the scheme's own port is None

CAP_READING = 300  # requests of a whole run where nothing but reading is allowed
CAP = 40_000  # requests of a whole run elsewhere
RATE_READING = 30.0  # requests a second, of a whole run


@dataclass(frozen=True, slots=True)
class SafeOperation:
    """An operation that somebody marked as safe although its method does not say so: signing in, a search by POST."""

    method: str
    path: re.Pattern[str]  # matches the whole path of a request

    @classmethod
    def of(cls, method: str, template: str) -> "SafeOperation":
        """Return the operation of a path template, `/search/{index}`: a parameter is one segment."""
        return cls(method.upper(), pattern_of(template))

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one of this operation."""
        return method == self.method and self.path.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be sent, by one process."""

    origins: frozenset[Origin]  # the deployment's own; nothing leaves for another
    fuzz: bool  # `allow: [fuzz]`: every method, any body; else only reading, and what is marked safe
    safe: tuple[SafeOperation, ...] = ()
    at_most: int = CAP_READING  # requests
    per_second: float | None = RATE_READING  # None: as fast as it goes

    def refusal(self, method: str, origin: Origin, path: str, *, body: bool, sent: int) -> str:
        """Return why a request may not be sent after `sent` others, or nothing when it may."""
        if origin not in self.origins:
            return f"{origin[0]}://{origin[1]} is not part of the deployment"
        if sent >= self.at_most:
            return f"{self.at_most} requests were sent, which is all that may be"
        if self.fuzz or any(one.fits(method, path) for one in self.safe):
            return ""
        if method not in READING:
            return f"{method} changes things, and `allow: [fuzz]` is not given here"
        return "a body is sent, and `allow: [fuzz]` is not given here" if body else ""


def shared(rules: Rules, workers: int) -> Rules:
    """Return the part of one process among `workers`: cap and rate are the run's."""
    rate = rules.per_second / workers if rules.per_second else None
    return Rules(rules.origins, rules.fuzz, rules.safe, max(1, rules.at_most // workers), rate)


def marked(operations: Iterable[str]) -> tuple[SafeOperation, ...]:
    """Return the operations written as `POST /search`."""
    return tuple(SafeOperation.of(*operation.split(" ", 1)) for operation in operations)


def pattern_of(template: str) -> re.Pattern[str]:
    """Return what matches the paths of a template: `/projects/{id}` becomes `/projects/([^/]+)`."""
    parts = re.split(r"\{[^{}/]+\}", template)
    return re.compile("([^/]+)".join(map(re.escape, parts)))
