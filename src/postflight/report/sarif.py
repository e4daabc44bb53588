"""SARIF 2.1.0, as GitHub's code scanning accepts it.

GitHub wants what the standard leaves open: a physical location with a relative URI for every result, `results` also
when there are none, and a fingerprint, so that an alert is the same one tomorrow. It shows 5,000 results of a run.

Each bad finding is a result, and so is each of its weak points. An alert is something to do, so
what is still to come is none.
Sources: OASIS SARIF 2.1.0 (errata 01); GitHub, "SARIF support for code scanning". Texts come redacted; here they are
bounded.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from postflight.model import Finding, OnBreach, Status, Weakness

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


_LEVELS = {  # GitHub's scale: critical over 9.0, high from 7.0, medium from 4.0
    "high": (Level.ERROR, 8.0),
    "medium": (Level.WARNING, 5.5),
    "low": (Level.NOTE, 3.0),
}
_MILDEST = (Level.NOTE, None)
_ELSEWHERE = "deployments.yaml"  # for what no test of the repository has asked: the preflight


def write(path: Path, findings: Iterable[Finding], *, version: str) -> None:
    """Write the log of one run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(of_findings(findings), version=version), encoding="ascii")


def of_findings(findings: Iterable[Finding]) -> tuple[SarifResult, ...]:
    """Return what is bad as results: each finding, and each of its weak points."""
    return tuple(result for finding in findings if finding.status is Status.BAD for result in _of(finding))


def _of(finding: Finding) -> Iterator[SarifResult]:
    path, _, name = finding.check.partition("::")
    file = path if name and _is_relative(path) else _ELSEWHERE
    tags = (finding.stage, *finding.covers)
    level = Level.WARNING if finding.on_breach is OnBreach.WARN else Level.ERROR
    rule = SarifRule(name.partition("[")[0] or finding.check, finding.title or finding.check, finding.summary, tags)
    yield SarifResult(rule, level, finding.summary or finding.title, file, finding.where, identity=(finding.check,))
    for weakness in finding.weaknesses:
        if not weakness.coming:
            yield _of_weakness(weakness, file)


def _of_weakness(weakness: Weakness, file: str) -> SarifResult:
    level, score = _LEVELS.get(weakness.severity, _MILDEST)
    title = f"{weakness.subject}: {weakness.rule}"
    rule = SarifRule(weakness.rule, title, weakness.remedy, ("security", *weakness.covers), score)
    shown = f" Seen: {weakness.value}" if weakness.value else ""
    message = f"{weakness.subject}: {weakness.message}{shown}"
    return SarifResult(rule, level, message, file, weakness.where, identity=(weakness.value,))


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


def _is_relative(file: str) -> bool:
    path = PurePosixPath(file)
    return bool(file) and not (path.is_absolute() or ".." in path.parts or ":" in file or "\\" in file)


def _relative(file: str) -> str:
    path = PurePosixPath(file)
    if not _is_relative(file):
        raise ValueError(f"expected a file relative to the repository, such as budgets.yaml; got {file!r}")
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), str(path))


def _bound(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
