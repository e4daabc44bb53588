"""Scanners' files: each format is read, a clean one is clean, and a broken one is never clean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.headers.finding import Severity
from postflight.checks.scans import parse

SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {"name": "Trivy", "rules": [{"id": "CVE-1", "properties": {"security-severity": "9.8"}}]}
            },
            "results": [
                {"ruleId": "CVE-2", "level": "note", "message": {"text": "mild"}},
                {"ruleId": "CVE-1", "level": "warning", "message": {"text": "grave"}},
            ],
        }
    ],
}
TRIVY = {
    "SchemaVersion": 2,
    "Results": [
        {
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-3",
                    "PkgName": "openssl",
                    "InstalledVersion": "3.0.1",
                    "FixedVersion": "3.0.2",
                    "Severity": "CRITICAL",
                    "Title": "overflow",
                }
            ]
        },
        {"Target": "no vulnerabilities here"},
    ],
}
PIP_AUDIT = {
    "dependencies": [
        {"name": "flask", "version": "0.5", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.0"], "description": "x"}]},
        {"name": "click", "version": "8", "vulns": []},
    ],
    "fixes": [],
}
RETIRE = {
    "version": "5",
    "data": [
        {
            "file": "jquery.js",
            "results": [
                {
                    "component": "jquery",
                    "version": "1.8.0",
                    "vulnerabilities": [
                        {"severity": "medium", "below": "1.9.0", "identifiers": {"CVE": ["CVE-4"], "summary": "XSS"}}
                    ],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (SARIF, [("CVE-1", Severity.HIGH, "CVE-1"), ("CVE-2", Severity.LOW, "CVE-2")]),
        (TRIVY, [("CVE-3", Severity.HIGH, "openssl 3.0.1")]),
        (PIP_AUDIT, [("PYSEC-1", Severity.HIGH, "flask 0.5")]),
        (RETIRE, [("CVE-4", Severity.MEDIUM, "jquery 1.8.0")]),
    ],
    ids=["sarif", "trivy", "pip-audit", "retire"],
)
def test_each_format_is_read(document: object, expected: list[tuple[str, Severity, str]]) -> None:
    assert [(one.id, one.severity, one.value) for one in parse(json.dumps(document))] == expected


def test_the_remedy_names_the_fixed_version() -> None:
    (found,) = parse(json.dumps(TRIVY))
    assert found.remedy == "Update to 3.0.2."


@pytest.mark.parametrize(
    "document",
    [{"runs": []}, {"SchemaVersion": 2, "Results": None}, {"dependencies": []}, {"data": []}],
)
def test_a_clean_scan_is_clean(document: object) -> None:
    assert parse(json.dumps(document)) == ()


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "[" * 100_000, '{"runs": [{}]}', '{"dependencies": [{"vulns": [{}]}]}', '{"data": [1]}'],
)
def test_what_is_no_scan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["runs", "data", "results", "dependencies", "vulns", "SchemaVersion", "Results"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(document: object) -> None:
    try:
        parse(json.dumps(document))
    except ValueError:
        return
