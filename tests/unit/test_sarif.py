"""SARIF: what the standard requires and what GitHub's code scanning adds.

The output was also validated, once and by hand, against OASIS's own schema (sarif-schema-2.1.0.json, errata 01): no
package ships that schema, so what it requires of our parts is written out here.
"""

import json
from datetime import date
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.tiers import DEFAULT_TIERS, Outcome, judge
from postflight.report.sarif import (
    MAX_RESULTS,
    MAX_TEXT,
    SCHEMA,
    Level,
    SarifResult,
    SarifRule,
    document,
    dumps,
    of_header_finding,
    of_judgements,
)

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "required": ["uri"],
                    "properties": {"uri": {"pattern": r"^(?!/)(?!.*\.\.)[A-Za-z0-9._/%@+-]+$"}},
                },
                "region": {"required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        }
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "items": LOCATION},
        "partialFingerprints": {"minProperties": 1, "additionalProperties": {"type": "string"}},
    },
}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "fullDescription", "help"],
    "properties": {"shortDescription": TEXT, "fullDescription": TEXT, "help": TEXT},
}
LOG = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {"rules": {"type": "array", "uniqueItems": True, "items": RULE}},
                            }
                        },
                    },
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}
FINDING = HeaderFinding(
    "hsts-short", Severity.MEDIUM, "Strict-Transport-Security", "max-age=1", "Ends.", "Longer.", ("P13-X3",)
)


def result(name: str = "r", level: Level = Level.ERROR, message: str = "m", where: str = "https://x/") -> SarifResult:
    return SarifResult(SarifRule(name, name, "help"), level, message, "budgets.yaml", where)


def run_of(*results: SarifResult) -> dict[str, Any]:
    log = document(results, version="0.1.0")
    jsonschema.validate(log, LOG)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_results_are_there_when_nothing_was_found() -> None:
    assert json.loads(dumps([], version="0.1.0")) == {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Postflight", "semanticVersion": "0.1.0", "rules": []}},
                "results": [],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }


def test_a_finding_becomes_a_result_with_place_rule_and_help() -> None:
    run = run_of(of_header_finding(FINDING, where="https://x.example/", file="budgets.yaml"))
    (rule,), (found,) = run["tool"]["driver"]["rules"], run["results"]
    assert found["level"] == "warning"
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "budgets.yaml"},
        "region": {"startLine": 1},
    }
    assert found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "https://x.example/"
    assert rule["help"]["text"] == "Longer."
    assert rule["properties"] == {"security-severity": "5.5", "tags": ["P13-X3", "security"]}


def test_each_result_points_to_its_rule() -> None:
    run = run_of(result("a"), result("b"), result("a", where="https://y/"))
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["a", "b"]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])


def test_the_fingerprint_outlives_the_message() -> None:
    def fingerprint(one: SarifResult) -> str:
        return str(run_of(one)["results"][0]["partialFingerprints"]["postflight/v1"])

    assert fingerprint(result(message="ends in 6 days")) == fingerprint(result(message="ends in 5 days"))
    assert fingerprint(result(where="https://x/")) != fingerprint(result(where="https://y/"))
    assert fingerprint(result("a")) != fingerprint(result("b"))


def test_the_worst_results_are_kept() -> None:
    many = [result("mild", Level.NOTE, where=f"https://x/{index}") for index in range(MAX_RESULTS)]
    assert len(document(many, version="1")["runs"][0]["results"]) == MAX_RESULTS
    run = document([*many, result("grave", Level.ERROR)], version="1")["runs"][0]
    assert len(run["results"]) == MAX_RESULTS
    assert run["results"][0]["ruleId"] == "grave"


@pytest.mark.parametrize("file", ["/etc/passwd", "../x", "https://x/y", "", "C:\\x"])
def test_a_file_outside_the_repository_is_refused(file: str) -> None:
    with pytest.raises(ValueError, match=r"relative to the repository, such as budgets\.yaml"):
        document([SarifResult(SarifRule("r", "r", "h"), Level.NOTE, "m", file)], version="1")


def test_only_failures_become_alerts() -> None:
    page = HttpAnswer("https://x.example/", 200, (("Content-Type", "text/html"), ("Server", "x/1.2")))
    judged = judge(DEFAULT_TIERS["baseline"], [page], date(2026, 1, 1))
    assert Outcome.NOTED in {one.outcome for one in judged}
    alerts = of_judgements(judged, file="budgets.yaml")
    assert {one.rule.id for one in alerts} == {one.finding.id for one in judged if one.outcome is Outcome.FAILS}


@given(st.text(max_size=3000), st.text(max_size=3000), st.text(min_size=1, max_size=20))
def test_any_text_gives_a_valid_bounded_log(message: str, where: str, file: str) -> None:
    try:
        run = run_of(SarifResult(SarifRule("r", "title", message), Level.NOTE, message, f"d/{file}", where))
    except ValueError:
        return  # a path that leaves the repository
    assert len(run["results"][0]["message"]["text"]) <= MAX_TEXT
