"""What the next tier of security headers still misses: for people, and without a say in the verdict."""

from collections.abc import Iterable

from postflight.model import Finding

TITLE = "Forecast: what the next tier still misses"


def lines(findings: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    """Return what is coming as (subject and rule, what to do), each once, with the number of answers it concerns."""
    seen: dict[tuple[str, str], list[str]] = {}
    for weakness in (one for finding in findings for one in finding.weaknesses if one.coming):
        places = seen.setdefault((f"{weakness.subject}: {weakness.rule}", weakness.remedy), [])
        places.append(weakness.where)
    return tuple((_counted(what, len(set(places))), remedy) for (what, remedy), places in seen.items())


def _counted(what: str, answers: int) -> str:
    return what if answers == 1 else f"{what} ({answers} answers)"
