"""Mark a pytest report with what it means, so that the process which decides need not know the test."""

import shlex
from typing import Any

import pytest

from postflight.exhibits import Exhibit
from postflight.model import Measurement, Status, Weakness
from postflight.pytest_plugin.collector import exhibits_as_json, measurements_as_json, weaknesses_as_json
from postflight.pytest_plugin.outcome import Outcome, outcome_of
from postflight.pytest_plugin.run import Run
from postflight.pytest_plugin.selection import covered_by, stage_of
from postflight.pytest_plugin.state import AGAIN, CHECK, EVIDENCE, EXCLUDED, MEASURED, SHOWN, WEAK


def mark_report(run: Run, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Attach `report.postflight`, of plain strings and lists, and take secrets out of all that the report says."""
    outcome = _outcome(run, item, call, report)
    covers = covered_by(item)
    evidence: tuple[str, ...] = ()
    if outcome.status in {Status.BAD, Status.INVALID} and report.when != "teardown" and EVIDENCE in item.stash:
        evidence = item.stash[EVIDENCE](item.stash[CHECK])
    asked = getattr(call.excinfo.value, "on_breach", None) if call.excinfo else None
    measured: list[Measurement] = item.stash.get(MEASURED, []) if report.when == "call" else []
    weak: list[Weakness] = item.stash.get(WEAK, []) if report.when == "call" else []
    shown: list[Exhibit] = item.stash.get(SHOWN, []) if report.when == "call" else []
    mark: dict[str, Any] = {
        "check": item.stash[CHECK],
        "when": report.when,
        "stage": stage_of(item),
        "title": _title(item),
        "covers": list(covers),
        "on_breach": (asked or run.budgets.on_breach_of(run.deployment.platform, covers)).value,
        "measurements": measurements_as_json(measured),
        "weaknesses": weaknesses_as_json(weak),
        "exhibits": exhibits_as_json(shown),
        "rerun": _rerun(run, item),
        "causes": list(getattr(call.excinfo.value, "causes", ())) if call.excinfo else [],
        "browser": run.browser,  # a worker's: only it has one
        "evidence": list(evidence),
        **outcome.as_json(),
    }
    if report.failed:
        report.longrepr = _redacted_words(run, call, report, outcome)
    report.sections = [(run.redactor.text(title), run.redactor.text(text)) for title, text in report.sections]
    mark |= {key: run.redactor.text(value) for key, value in mark.items() if isinstance(value, str)}
    report.postflight = mark  # type: ignore[attr-defined]  # pytest sends extra attributes of a report along


def _outcome(run: Run, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Outcome:
    if report.skipped:
        reason = item.stash.get(EXCLUDED, None)
        if reason is not None:
            return Outcome(Status.EXCLUDED, reason)
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else "an expected failure"
        return Outcome(Status.UNKNOWN, f"was skipped while it ran, so it verified nothing: {words}")
    if report.passed or call.excinfo is None:
        return Outcome(Status.GOOD)
    message = call.excinfo.exconly().removeprefix(f"{call.excinfo.typename}: ")
    return outcome_of(call.excinfo.value, message, base_url=run.deployment.base_url)


def _redacted_words(run: Run, call: pytest.CallInfo[None], report: pytest.TestReport, outcome: Outcome) -> Any:
    """Return what pytest shows: for a fault of the deployment its facts, for a crash of ours the traceback."""
    facts = outcome.facts
    if outcome.status in {Status.BAD, Status.UNKNOWN} and (facts.expected or facts.curl):
        rows = [("expected", facts.expected), ("seen", facts.seen), ("where", facts.where), ("reproduce", facts.curl)]
        told = "\n".join(f"  {name:<9} {text}" for name, text in rows if text)
        place = call.excinfo.traceback[-1] if call.excinfo else ""
        return run.redactor.text(f"{outcome.summary}\n{told}\n  raised at {place}".strip())
    text = report.longreprtext
    redacted = run.redactor.text(text)
    return report.longrepr if redacted == text else redacted


def _title(item: pytest.Item) -> str:
    """Return the first line of the test's docstring, else its name in words."""
    doc = getattr(getattr(item, "function", None), "__doc__", None)
    words = doc.strip().splitlines()[0].rstrip(".") if doc and doc.strip() else ""
    if not words:
        return item.name.removeprefix("test_").replace("_", " ")
    callspec = getattr(item, "callspec", None)
    cases = (
        [str(value) for name, value in callspec.params.items() if name != "browser_name" and str(value)]
        if callspec
        else []
    )
    return f"{words}: {', '.join(cases)}"[:200] if cases else words


def _rerun(run: Run, item: pytest.Item) -> str:
    """Return the command that runs just this check again."""
    command = ["pytest", item.stash[CHECK]]
    deployment = run.deployment
    if deployment.known:
        command += ["--platform", deployment.platform, "--environment", deployment.environment]
    else:
        command += ["--base-url", deployment.base_url]
    again: list[str] = item.stash.get(AGAIN, [])
    return shlex.join([*command, *again])
