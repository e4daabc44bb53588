"""SARIF: what the standard requires and what GitHub's code scanning adds.

The output was also validated, once and by hand, against OASIS's own schema (sarif-schema-2.1.0.json, errata 01): no
package ships that schema, so what it requires of our parts is written out here.
"""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postflight.model import Finding, Status, Weakness
from postflight.report.sarif import (
    MAX_RESULTS,
    MAX_TEXT,
    SCHEMA,
    Level,
    SarifResult,
    SarifRule,
    document,
    dumps,
    of_findings,
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
WEAKNESS = Weakness(
    "hsts-short",
    "medium",
    "Strict-Transport-Security",
    "max-age=1",
    "Ends.",
    "Longer.",
    "https://x.example/",
    ("P13-X3",),
)


def bad(*weaknesses: Weakness) -> Finding:
    check = "security/test_headers.py::test_transport"
    return Finding(check, "security", Status.BAD, title="T", summary="It ends.", weaknesses=weaknesses)


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


def test_a_weakness_becomes_a_result_with_place_rule_and_help() -> None:
    run = run_of(*of_findings([bad(WEAKNESS)]))
    assert [one["ruleId"] for one in run["results"]] == ["test_transport", "hsts-short"]
    found, rule = run["results"][1], run["tool"]["driver"]["rules"][1]
    assert found["level"] == "warning"
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "security/test_headers.py"},
        "region": {"startLine": 1},
    }
    assert found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "https://x.example/"
    assert rule["help"]["text"] == "Longer."
    assert rule["properties"] == {"security-severity": "5.5", "tags": ["P13-X3", "security"]}


def test_a_bad_finding_is_a_result_of_its_own() -> None:
    (found,) = run_of(*of_findings([bad()]))["results"]
    assert (found["ruleId"], found["level"]) == ("test_transport", "error")
    (preflight,) = of_findings([replace(bad(), check="preflight")])
    assert preflight.file == "deployments.yaml"
    (outside,) = of_findings([replace(bad(), check="../elsewhere/test_x.py::test_x")])
    assert outside.file == "deployments.yaml"


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.BAD])
def test_only_what_is_bad_becomes_an_alert(status: Status) -> None:
    assert of_findings([replace(bad(WEAKNESS), status=status)]) == ()


def test_what_is_still_to_come_is_no_alert() -> None:
    assert [one.rule.id for one in of_findings([bad(replace(WEAKNESS, coming=True))])] == ["test_transport"]


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


@given(st.text(max_size=3000), st.text(max_size=3000), st.text(min_size=1, max_size=20))
def test_any_text_gives_a_valid_bounded_log(message: str, where: str, file: str) -> None:
    try:
        run = run_of(SarifResult(SarifRule("r", "title", message), Level.NOTE, message, f"d/{file}", where))
    except ValueError:
        return  # a path that leaves the repository
    assert len(run["results"][0]["message"]["text"]) <= MAX_TEXT
