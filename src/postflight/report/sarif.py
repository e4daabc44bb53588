"""SARIF 2.1.0, as GitHub's code scanning accepts it.

GitHub wants what the standard leaves open: a physical location with a relative URI for every result, `results` also
when there are none, and a fingerprint, so that an alert is the same one tomorrow. It shows 5,000 results of a run.
Sources: OASIS SARIF 2.1.0 (errata 01); GitHub, "SARIF support for code scanning". Texts come redacted; here they are
bounded.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.tiers import Judgement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 5000
MAX_TEXT = 1000  # characters of a message
MAX_HELP = 4000
_UNSAFE = re.compile(r"[^A-Za-z0-9._/@+-]")


class Level(StrEnum):
    """How SARIF calls severities."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class SarifRule:
    """What can be found. `security_severity` is GitHub's scale from 0 to 10; None: no matter of security."""

    id: str
    title: str
    help: str  # how to mend it
    tags: tuple[str, ...] = ()
    security_severity: float | None = None


@dataclass(frozen=True, slots=True)
class SarifResult:
    """One thing found.

    `file` is relative to the repository, with `/`: the file in which a person mends it, or that asked for the check. A
    deployment has no lines of code, so its URL is the logical location.
    """

    rule: SarifRule
    level: Level
    message: str
    file: str
    where: str = ""  # URL or service
    line: int = 1
    identity: tuple[str, ...] = ()  # with rule, file and where: what makes it the same finding in the next run


_LEVELS = {
    Severity.HIGH: (Level.ERROR, 8.0),
    Severity.MEDIUM: (Level.WARNING, 5.5),
    Severity.LOW: (Level.NOTE, 3.0),
    Severity.INFO: (Level.NOTE, 0.0),
}


def of_header_finding(finding: HeaderFinding, *, where: str, file: str) -> SarifResult:
    """Return a header finding as a result; `where` is the answer's URL, `file` for example `budgets.yaml`."""
    level, score = _LEVELS[finding.severity]
    rule = SarifRule(
        finding.id, f"{finding.header}: {finding.id}", finding.remedy, ("security", *finding.covers), score or None
    )
    shown = f" Seen: {finding.value}" if finding.value else ""
    return SarifResult(rule, level, f"{finding.header}: {finding.message}{shown}", file, where, 1, (finding.value,))


def of_judgements(judgements: Iterable[Judgement], *, file: str) -> tuple[SarifResult, ...]:
    """Return judged findings as results. Waived ones and notes are left out: an alert is something to do."""
    return tuple(
        of_header_finding(one.finding, where=one.url, file=file) for one in judgements if one.outcome == "fails"
    )


def document(results: Sequence[SarifResult], *, version: str) -> dict[str, Any]:
    """Return the SARIF log of one run, worst results first, as `json` writes it. `version` is Postflight's.

    Raises `ValueError` for a file that is not relative, which GitHub would refuse.
    """
    shown = sorted(results, key=lambda one: list(Level).index(one.level))[:MAX_RESULTS]
    rules: dict[str, SarifRule] = {}
    for result in shown:  # the worst result comes first, so that a rule's severity is its worst
        rules.setdefault(result.rule.id, result.rule)
    index = {name: position for position, name in enumerate(rules)}
    driver = {
        "name": "Postflight",
        "semanticVersion": version,
        "rules": [_rule(rule) for rule in rules.values()],
    }
    run = {
        "tool": {"driver": driver},
        "results": [_result(result, index[result.rule.id]) for result in shown],
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def dumps(results: Sequence[SarifResult], *, version: str) -> str:
    """Return the log as text. Raises as `document`."""
    return json.dumps(document(results, version=version), indent=2, ensure_ascii=True) + "\n"


def _rule(rule: SarifRule) -> dict[str, Any]:
    properties: dict[str, Any] = {"tags": sorted(set(rule.tags))}
    if rule.security_severity is not None:
        properties["security-severity"] = f"{rule.security_severity:.1f}"
    return {
        "id": rule.id,
        "name": _bound(rule.id, 255),
        "shortDescription": {"text": _bound(rule.title, MAX_TEXT)},
        "fullDescription": {"text": _bound(rule.title, MAX_TEXT)},
        "help": {"text": _bound(rule.help or rule.title, MAX_HELP)},
        "properties": properties,
    }


def _result(result: SarifResult, rule_index: int) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _relative(result.file)},
            "region": {"startLine": max(1, result.line)},
        }
    }
    if result.where:
        location["logicalLocations"] = [{"fullyQualifiedName": _bound(result.where, MAX_TEXT), "kind": "resource"}]
    where = f" ({result.where})" if result.where else ""
    return {
        "ruleId": result.rule.id,
        "ruleIndex": rule_index,
        "level": result.level.value,
        "message": {"text": _bound(result.message, MAX_TEXT - 300) + _bound(where, 300) or result.rule.id},
        "locations": [location],
        "partialFingerprints": {"postflight/v1": _fingerprint(result)},
    }


def _fingerprint(result: SarifResult) -> str:
    """Return what stays the same over runs: no message, which may hold numbers that change."""
    parts = json.dumps([result.rule.id, result.file, result.where, *result.identity])
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def _relative(file: str) -> str:
    path = PurePosixPath(file)
    if not file or path.is_absolute() or ".." in path.parts or ":" in file or "\\" in file:
        raise ValueError(f"expected a file relative to the repository, such as budgets.yaml; got {file!r}")
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), str(path))


def _bound(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
