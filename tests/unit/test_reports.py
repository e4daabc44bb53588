"""Every output says the same verdict, is well-formed whatever a target says, and is never taken for another run's."""

import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from postflight.errors import CannotMeasure
from postflight.model import Finding, Measurement, OnBreach, Status, Unit
from postflight.report import document, junit, summary, terminal, write_reports
from postflight.report.document import About, Document
from postflight.verdict import decide

ABOUT = About(
    "r1", "velocity", "staging", "https://x.test", known=True, started="s", finished="f", postflight="0", command="c"
)
HOSTILE = '<script>alert(1)</script> [click](javascript:x) | `x` @team ![i](http://e) \x1b[31m\x00\ud7ff ]]> &amp; "'


def doc(*findings: Finding) -> Document:
    verdict = decide(findings, planned=[f.check for f in findings], may_roll_back=True)
    return document.make_document(ABOUT, verdict)


def finding(status: Status, check: str = "smoke/x.py::test_x", on_breach: OnBreach = OnBreach.ROLLBACK) -> Finding:
    return Finding(
        check, "smoke", status, on_breach, title="T", summary="because", expected="a", seen="b", curl="curl x"
    )


def test_a_bad_deployment_is_a_failure_and_an_invalid_measurement_an_error(tmp_path: Path) -> None:
    statuses = list(Status)
    junit.write(tmp_path / "j.xml", doc(*(finding(status, f"c-{status}") for status in statuses)))
    root = ET.parse(tmp_path / "j.xml").getroot()
    kinds = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert kinds == {
        "c-good": [],
        "c-bad": ["failure"],
        "c-flaky": ["failure"],
        "c-unknown": ["failure"],
        "c-invalid": ["error"],
        "c-excluded": ["skipped"],
    }
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("3", "1", "1")


def test_a_warning_is_no_failure(tmp_path: Path) -> None:
    junit.write(tmp_path / "j.xml", doc(finding(Status.BAD, on_breach=OnBreach.WARN)))
    assert ET.parse(tmp_path / "j.xml").getroot().get("failures") == "0"


@given(st.text(max_size=60))
def test_junit_is_well_formed_whatever_a_target_says(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    hostile = replace(finding(Status.BAD), summary=text, details=text, title=text)
    junit.write(path, doc(hostile))
    ET.parse(path)


def test_the_document_fits_its_schema_and_comes_back(tmp_path: Path) -> None:
    measured = Measurement("edit.sync", (0.2, 0.3), Unit.SECONDS, limit="at most 2 s", met=True)
    written = doc(replace(finding(Status.GOOD), measurements=(measured,)), finding(Status.FLAKY, "y"))
    document.write(tmp_path / "verdict.json", written)
    jsonschema.validate(json.loads((tmp_path / "verdict.json").read_text()), document.schema())
    assert document.read(tmp_path / "verdict.json", run_id="r1") == written


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "was not written"),
        ("", "is no verdict document"),
        ("{}", "is no verdict document"),
        ("[1", "is no verdict document"),
        (
            document._ADAPTER.dump_json(doc(finding(Status.GOOD))).decode().replace('"version":1', '"version":2'),
            "version",
        ),
        (document._ADAPTER.dump_json(doc(finding(Status.GOOD))).decode().replace('"promote"', '"green"'), "decision"),
        (document._ADAPTER.dump_json(doc(finding(Status.GOOD))).decode().replace('"r1"', '"r0"'), "of run r0"),
    ],
)
def test_what_is_no_document_of_this_run_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "verdict.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CannotMeasure, match=says):
        document.read(path, run_id="r1")


def test_committed_schema_is_current() -> None:
    committed = Path(__file__).parents[2] / "schemas" / "verdict.schema.json"
    assert committed.read_text() == document.schema_text(), "run: postflight config schema --write"


def test_summary_shows_hostile_text_as_text() -> None:
    text = summary.render(doc(replace(finding(Status.BAD), summary=HOSTILE, title=HOSTILE)))
    for markup in ("<script", "](javascript", "![i]", "`x`", "@team"):
        assert markup not in text
    row = next(line for line in text.splitlines() if line.startswith("| rollback"))
    assert row.count("|") == 4


def test_summary_is_bounded(tmp_path: Path) -> None:
    many = [replace(finding(Status.BAD, f"c{i}"), summary="x" * 400) for i in range(4000)]
    summary.write(tmp_path / "s.md", doc(*many))
    assert (tmp_path / "s.md").stat().st_size < 1024 * 1024


def shown(document: Document) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    terminal.show(console, document, reports="reports")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_terminal_leads_with_the_verdict_and_what_decided() -> None:
    lines = shown(doc(finding(Status.INVALID, "i"), finding(Status.BAD, "b"), finding(Status.GOOD, "g"))).splitlines()
    assert lines[0].startswith("ROLLBACK  the deployment is bad")
    assert lines[1] == "https://x.test (velocity/staging)"
    told = [line.split()[0] for line in lines if line.strip().startswith(("rollback", "invalid"))]
    assert told == ["rollback", "invalid"]


def test_terminal_lets_no_control_sequence_through() -> None:
    text = shown(doc(replace(finding(Status.BAD), summary=HOSTILE, title="[bold]x[/bold]")))
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "[bold]x[/bold]" in text


def test_a_warning_is_shown_and_decides_nothing() -> None:
    text = shown(doc(finding(Status.GOOD, "g"), finding(Status.BAD, on_breach=OnBreach.WARN)))
    assert text.startswith("PROMOTE")
    assert "warning" in text


def test_all_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    write_reports(tmp_path, doc(finding(Status.GOOD)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "junit.xml",
        "report.html",
        "results.sarif",
        "summary.md",
        "verdict.json",
    ]
