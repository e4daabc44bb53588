"""Reads what vulnerability scanners wrote: SARIF (trivy and many more), and the JSON of trivy, pip-audit, retire.

The scanners do the finding; nothing here knows a vulnerability. A file of another shape is an error, no clean scan.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from postflight.checks.headers.finding import HeaderFinding, Severity

COVERS = ("P13-X6",)
MAX_FINDINGS = 1000
_WORDS = {
    "critical": Severity.HIGH,
    "high": Severity.HIGH,
    "error": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "note": Severity.LOW,
}
_UNRATED = Severity.HIGH  # pip-audit rates nothing: what is known and unrated is not taken lightly


def parse(text: str) -> tuple[HeaderFinding, ...]:
    """Return the vulnerabilities in a scanner's file, worst first. Raises `ValueError` if it is no such file."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    for is_of, read in _FORMATS:
        if is_of(document):
            try:
                found = [one for one, _ in zip(read(document), range(MAX_FINDINGS), strict=False)]
            except (AttributeError, KeyError, TypeError) as error:
                raise ValueError(f"it looks like {read.__doc__}, but is broken: {error!r}") from error
            return tuple(sorted(dict.fromkeys(found), key=lambda one: one.severity.rank))
    raise ValueError("it is neither SARIF nor the JSON of trivy, pip-audit or retire")


def _sarif(document: Any) -> Iterator[HeaderFinding]:
    """SARIF."""
    for run in document["runs"]:
        rules = {rule["id"]: rule for rule in run["tool"]["driver"].get("rules", ())}
        for result in run["results"]:
            rule = rules.get(result.get("ruleId"), {})
            score = rule.get("properties", {}).get("security-severity")
            severity = _scored(float(score)) if score else _rated(result.get("level", "warning"))
            yield _say(result.get("ruleId", "unnamed"), severity, "", result["message"]["text"])


def _trivy(document: Any) -> Iterator[HeaderFinding]:
    """Trivy's JSON."""
    for target in document["Results"] or ():
        for one in target.get("Vulnerabilities") or ():
            package = f"{one['PkgName']} {one['InstalledVersion']}"
            fixed = one.get("FixedVersion", "")
            yield _say(one["VulnerabilityID"], _rated(one.get("Severity", "")), package, one.get("Title", ""), fixed)


def _pip_audit(document: Any) -> Iterator[HeaderFinding]:
    """pip-audit's JSON."""
    for package in document["dependencies"]:
        for one in package.get("vulns", ()):
            named = f"{package['name']} {package['version']}"
            fixed = ", ".join(one.get("fix_versions", ()))
            yield _say(one["id"], _UNRATED, named, one.get("description", ""), fixed)


def _retire(document: Any) -> Iterator[HeaderFinding]:
    """Retire's JSON."""
    for file in document["data"]:
        for component in file.get("results", ()):
            package = f"{component['component']} {component['version']}"
            for one in component.get("vulnerabilities", ()):
                named: Mapping[str, Any] = one.get("identifiers", {})
                code = next(iter(named.get("CVE", ())), named.get("summary", "unnamed"))
                text = str(named.get("summary", ""))
                yield _say(code, _rated(one.get("severity", "")), package, text, one.get("below", ""))


_FORMATS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Iterator[HeaderFinding]]], ...] = (
    (lambda it: isinstance(it, dict) and isinstance(it.get("runs"), list), _sarif),
    (lambda it: isinstance(it, dict) and "SchemaVersion" in it and "Results" in it, _trivy),
    (lambda it: isinstance(it, dict) and isinstance(it.get("dependencies"), list), _pip_audit),
    (lambda it: isinstance(it, dict) and isinstance(it.get("data"), list), _retire),
)


def _rated(word: str) -> Severity:
    return _WORDS.get(str(word).lower(), Severity.INFO)


def _scored(score: float) -> Severity:
    """Return the severity of a CVSS score (CVSS 3.1, 5)."""
    if score >= 7:
        return Severity.HIGH
    return Severity.MEDIUM if score >= 4 else Severity.LOW


def _say(code: str, severity: Severity, package: str, text: str, fixed: str = "") -> HeaderFinding:
    message = " ".join(str(text).split())[:300] or "A known vulnerability."
    remedy = f"Update to {fixed}." if fixed else "There is no fixed version that the scanner knows."
    return HeaderFinding(str(code)[:80], severity, "Scan", package or str(code), message, remedy, COVERS)
