"""`junit.xml`: a bad deployment is a `failure`, an invalid measurement an `error`; what is excluded is `skipped`."""

import re
from pathlib import Path

import junitparser

from postflight.model import Finding, OnBreach, Status
from postflight.report.document import Document

# what XML 1.0 cannot hold, https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Replace the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def write(path: Path, doc: Document) -> None:
    """Write one suite per stage."""
    xml = junitparser.JUnitXml("postflight")
    by_stage: dict[str, list[Finding]] = {}
    for finding in doc.verdict.findings:
        by_stage.setdefault(finding.stage, []).append(finding)
    for stage, findings in by_stage.items():
        suite = junitparser.TestSuite(f"postflight.{clean(stage)}")
        suite.timestamp = doc.about.started
        suite.hostname = clean(doc.about.base_url)
        suite.add_property("verdict", doc.verdict.decision.value)
        suite.add_property("run", doc.about.run_id)
        for finding in findings:
            suite.add_testcase(_case(finding))
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]  # junitparser leaves it untyped
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.write(str(path), pretty=True)


def _case(finding: Finding) -> junitparser.TestCase:
    case = junitparser.TestCase(clean(finding.check), classname=clean(finding.stage), time=round(finding.seconds, 3))
    outcome = _outcome(finding)
    if outcome is not None:
        outcome.text = clean(_body(finding))
        case.result = [outcome]
    return case


def _outcome(finding: Finding) -> junitparser.Skipped | junitparser.Error | junitparser.Failure | None:
    message = clean(finding.summary)
    match finding.status:
        case Status.GOOD:
            return None
        case Status.EXCLUDED:
            return junitparser.Skipped(message, "excluded by configuration")
        case Status.INVALID:
            return junitparser.Error(message, "invalid measurement")
        case _ if finding.on_breach is OnBreach.WARN:
            return None
        case _:
            return junitparser.Failure(message, finding.status.value)


def _body(finding: Finding) -> str:
    lines = [
        ("expected", finding.expected),
        ("seen", finding.seen),
        ("where", finding.where),
        ("reproduce", finding.curl),
        ("run again", finding.rerun),
        ("evidence", ", ".join(finding.evidence)),
    ]
    head = "\n".join(f"{name}: {text}" for name, text in lines if text)
    return f"{head}\n\n{finding.details}".strip()
