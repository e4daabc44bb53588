"""`report.html`: the page a team opens at three in the morning. One file, no script, nothing from elsewhere.

Text from a target is escaped by the template engine, and a policy of the page's own would stop what is not: no script
at all, the one style by its hash, images only from within the file. What opens and closes is HTML's own `<details>`.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from postflight.model import Decision, Finding, Measurement, OnBreach, Quantity, Reason, Status
from postflight.report import forecast
from postflight.report.document import Document
from postflight.report.summary import counts
from postflight.report.terminal import MEANING

MAX_IMAGE = 2_000_000  # bytes of one screenshot that is put into the page; a larger one is linked
MAX_IMAGES = 16_000_000  # bytes of all of them
MAX_BARS = 200
MAX_DOTS = 100  # values of one measurement that are drawn
SLOWEST = 8
SYMBOL = {
    Status.GOOD: "✓",
    Status.BAD: "✕",
    Status.FLAKY: "↻",
    Status.UNKNOWN: "?",
    Status.INVALID: "!",
    Status.EXCLUDED: "-",
}
SIGN = {Decision.PROMOTE: "✓", Decision.HOLD: "‖", Decision.ROLLBACK: "↶", Decision.INVALID: "!"}
_WORST_FIRST = (Status.BAD, Status.INVALID, Status.FLAKY, Status.UNKNOWN, Status.GOOD, Status.EXCLUDED)


@dataclass(frozen=True, slots=True)
class Told:
    """A reason and its finding, or a finding that only warns."""

    word: str
    text: str
    finding: Finding | None
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A measurement as a picture: all positions in percent of its width."""

    measurement: Measurement
    shown: Quantity
    title: str
    limit_at: float | None
    at_least: bool
    dots: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement, and the worst that its checks found."""

    requirement: str
    status: Status
    checks: int


def write(folder: Path, doc: Document) -> None:
    """Write `report.html` into the folder that holds the evidence."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(render(doc, images(folder, doc.verdict.findings)), encoding="utf-8")


def images(folder: Path, findings: Iterable[Finding]) -> dict[str, str]:
    """Return path -> `data:` address of the screenshots that may go into the page."""
    found: dict[str, str] = {}
    left, root = MAX_IMAGES, folder.resolve()
    for path in (path for finding in findings for path in finding.evidence if path.endswith(".png")):
        try:
            file = (root / path).resolve()
            if not file.is_relative_to(root) or file.stat().st_size > min(MAX_IMAGE, left):
                continue
            content = file.read_bytes()
        except (OSError, ValueError):  # gone, or no path at all: the report names it, and does not fail for it
            continue
        left -= len(content)
        found[path] = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return found


def render(doc: Document, shots: Mapping[str, str]) -> str:
    """Return the page. `shots` are the images of evidence, path -> `data:` address."""
    verdict, about = doc.verdict, doc.about
    style = _TEMPLATES.loader.get_source(_TEMPLATES, "report.css")[0] if _TEMPLATES.loader else ""
    return _TEMPLATES.get_template("report.html.j2").render(
        about=about,
        verdict=verdict,
        sign=SIGN[verdict.decision],
        symbol=SYMBOL,
        meaning=MEANING[verdict.decision],
        counts=counts(verdict),
        duration=_duration(about.started, about.finished),
        told=_told(doc),
        bars=_bars(verdict.findings),
        stages=_stages(verdict.findings),
        requirements=_requirements(verdict.findings),
        slowest=sorted(verdict.findings, key=lambda finding: -finding.seconds)[:SLOWEST],
        forecast=forecast.lines(verdict.findings),
        shots=shots,
        # our own file; its hash is the only style that the page's policy lets in
        style=Markup(style),  # noqa: S704 - nothing of a target is in it
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _told(doc: Document) -> list[Told]:
    """Return what decided, and then what only warns."""
    by_check = {finding.check: finding for finding in doc.verdict.findings}
    told = [
        Told(reason.decision.value, reason.text, by_check.get(reason.check), _title(reason, by_check))
        for reason in doc.verdict.reasons
    ]
    decisive = {reason.check for reason in doc.verdict.reasons}
    return told + [
        Told(OnBreach.WARN.value, finding.summary, finding, finding.title or finding.check)
        for finding in doc.verdict.findings
        if finding.check not in decisive and finding.status not in {Status.GOOD, Status.EXCLUDED}
    ]


def _title(reason: Reason, by_check: Mapping[str, Finding]) -> str:
    finding = by_check.get(reason.check)
    return finding.title if finding and finding.title else reason.check


def _bars(findings: Iterable[Finding]) -> list[Bar]:
    """Return what was measured, broken limits first, then by name."""
    measured = [(m, finding) for finding in findings for m in finding.measurements]
    measured.sort(key=lambda pair: (pair[0].met is not False, pair[0].metric))
    return [_bar(m, finding.title or finding.check) for m, finding in measured[:MAX_BARS]]


def _bar(measurement: Measurement, title: str) -> Bar:
    at_least = measurement.limit.startswith("at least")
    shown = measurement.least if at_least else measurement.worst
    full = max(*(abs(value) for value in measurement.values), (measurement.bound or 0.0), 1e-12) * 1.15
    values = sorted(measurement.values)
    step = max(1, len(values) // MAX_DOTS)
    return Bar(
        measurement,
        shown,
        title,
        None if measurement.bound is None else 100 * measurement.bound / full,
        at_least,
        tuple(round(100 * max(0.0, value) / full, 2) for value in dict.fromkeys((*values[::step], values[-1]))),
    )


def _stages(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings by stage, in the order of their running, in each the worst first."""
    stages: dict[str, list[Finding]] = {}
    for finding in findings:
        stages.setdefault(finding.stage, []).append(finding)
    return {stage: sorted(found, key=lambda f: _WORST_FIRST.index(f.status)) for stage, found in stages.items()}


def _requirements(findings: Iterable[Finding]) -> list[Row]:
    rows: dict[str, list[Status]] = {}
    for finding in findings:
        for requirement in finding.covers:
            rows.setdefault(requirement, []).append(finding.status)
    return [
        Row(requirement, min(statuses, key=_WORST_FIRST.index), len(statuses))
        for requirement, statuses in sorted(rows.items())
    ]


def _duration(started: str, finished: str) -> str:
    try:
        seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _link(path: str) -> str:
    """Return a relative address. A colon is quoted too: no path becomes a scheme."""
    return quote(path)


_TEMPLATES = Environment(
    loader=PackageLoader("postflight.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["link"] = _link
_TEMPLATES.filters["quantity"] = lambda value, unit: str(Quantity(value, unit))
