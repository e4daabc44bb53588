"""Health documents: their shape as JSON Schema, and whether what they say is true."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import jsonschema_rs

from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.checks.invariants.writes import moment

GOOD = frozenset({"healthy", "ok", "up", "pass"})
_MOST_TOLD = 3


def fit_schema(health: Exchange, schema: Mapping[str, Any], requirement: str) -> Iterator[Violation]:
    """Demand that a health document has the shape of its platform. At most three violations."""
    validator = jsonschema_rs.Draft202012Validator(json.dumps(schema), validate_formats=True)
    errors = list(validator.iter_errors(health.json))
    for error in errors[:_MOST_TOLD]:
        place = ".".join(str(part) for part in error.instance_path) or "the document"
        cause = f"{health.name} has not the shape of {requirement}: {place}: {error.message[:200]}"
        yield Violation("health-shape", cause, health)


def checks_of(health: Exchange) -> Mapping[str, str]:
    """Return what a document says of each dependency: of `{name: status}`, or of `[{service, status}]`."""
    checks = health.object.get("checks")
    if isinstance(checks, Mapping):
        return {name: str(said) for name, said in checks.items()}
    listed = checks if isinstance(checks, list) else []
    return {str(one.get("service")): str(one.get("status")) for one in listed if isinstance(one, Mapping)}


def be_consistent(health: Exchange) -> Iterator[Violation]:
    """Demand that status, checks and the status of HTTP say the same: 200 and good, or 503 and which check is not."""
    status, checks = health.object.get("status"), checks_of(health)
    bad = [name for name, said in checks.items() if said not in GOOD]
    if status in GOOD and bad:
        cause = f"{health.name} says {status!r} while its check of {', '.join(bad)} is not good"
        yield Violation("health-contradicts", cause, health, "a status that follows from the checks")
    elif status not in GOOD and health.status == 200:
        cause = f"{health.name} says {status!r} with status 200: nobody who looks at the status alone sees it"
        yield Violation("health-200", cause, health, "503", "200")
    elif status in GOOD and health.status >= 400:
        yield Violation("health-contradicts", f"{health.name} says {status!r} with {health.status}", health, "200")


def be_true(health: Exchange, needed: str, use: Exchange, *, only_needs: bool = True) -> Iterator[Violation]:
    """Demand that what health says of something it needs is what a call that needs it sees.

    `only_needs`: the call works whenever `needed` does and can be reached, so that its success contradicts, too.
    """
    said = checks_of(health).get(needed)
    if said in GOOD and use.status >= 500:
        cause = f"{health.name} says that {needed} is {said}, and {use.name}, which needs it, answers {use.status}"
        yield Violation("health-lies", cause, use, "a call that works, or a health that says so")
    elif only_needs and said is not None and said not in GOOD and use.status < 400:
        cause = f"{health.name} says that {needed} is {said}, and {use.name}, which needs it, works"
        yield Violation("health-lies", cause, health, f"{needed}: healthy")


def be_fresh(first: Exchange, later: Exchange, now: datetime, *, field: str = "timestamp") -> Iterator[Violation]:
    """Health is that of the moment. `now` is when `later` came, by our clock: two minutes of difference are allowed."""
    one, other = (moment(exchange.object.get(field)) for exchange in (first, later))
    if one is None or other is None:
        return
    if one == other:
        yield Violation(
            "health-frozen",
            f"{first.name} was asked twice and told of the same moment",
            later,
            f"after {one}",
            f"{other}",
        )
    elif other.tzinfo and abs(now - other) > timedelta(minutes=2):
        cause = f"{first.name} tells of another time than now: its clock is wrong, or it is an old answer"
        yield Violation("health-frozen", cause, later, f"about {now}", f"{other}")
