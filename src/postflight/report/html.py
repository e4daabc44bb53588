"""`report.html`: the page a team opens at three in the morning. One file, no script, nothing from elsewhere.

Text from a target is escaped by the template engine, and a policy of the page's own would stop what is not: no script
at all, the one style by its hash, images only from within the file. What opens and closes is HTML's own `<details>`;
what is drawn is SVG whose places are attributes and whose colours are classes: the policy allows no other style.
"""

import base64
import hashlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from postflight.checks.run_kind import build_of, tell_change
from postflight.model import Decision, Finding, OnBreach, Reason, Status
from postflight.report import forecast
from postflight.report.background import MAX_PAST, NOTHING_KNOWN, Background, Past
from postflight.report.coverage import WORST_FIRST, cover
from postflight.report.document import Document
from postflight.report.drawing.bars import MAX_BARS, draw_bars
from postflight.report.drawing.chart import draw_chart
from postflight.report.drawing.filmstrip import draw_filmstrip
from postflight.report.drawing.images import read_images
from postflight.report.drawing.waterfall import draw_waterfall
from postflight.report.summary import counts
from postflight.report.terminal import MEANING

SLOWEST = 8
OPENED = 5  # reasons that are shown whole; of the others, the first line
FEW = 8  # limits of a stage that are shown even if they are kept and others are not
SYMBOL = {
    Status.GOOD.value: "✓",
    Status.BAD.value: "✕",
    Status.FLAKY.value: "↻",
    Status.UNKNOWN.value: "?",
    Status.INVALID.value: "!",
    Status.EXCLUDED.value: "-",
    "not verified": "○",
}
SIGN = {Decision.PROMOTE: "✓", Decision.HOLD: "‖", Decision.ROLLBACK: "↶", Decision.INVALID: "!"}
# how a decision is drawn in the strip of the last runs, so that it is told also without colours: y and height of 28
_BLOCK = {Decision.PROMOTE: (4, 10), Decision.HOLD: (11, 6), Decision.ROLLBACK: (14, 10), Decision.INVALID: (11, 6)}


@dataclass(frozen=True, slots=True)
class Told:
    """A reason and its finding, or a finding that only warns."""

    word: str
    text: str
    finding: Finding | None
    title: str


@dataclass(frozen=True, slots=True)
class Block:
    """A run in the strip of the last ones, this one at its end."""

    decision: str
    x: int
    y: int
    height: int
    words: str


def write(folder: Path, doc: Document, background: Background = NOTHING_KNOWN) -> None:
    """Write `report.html` into the folder that holds the evidence."""
    folder.mkdir(parents=True, exist_ok=True)
    page = render(doc, read_images(folder, doc.verdict.findings), background)
    (folder / "report.html").write_text(page, encoding="utf-8")


def render(doc: Document, shots: Mapping[str, str], background: Background = NOTHING_KNOWN) -> str:
    """Return the page. `shots` are the pictures of pages, path -> `data:` address."""
    verdict, about = doc.verdict, doc.about
    style = _TEMPLATES.loader.get_source(_TEMPLATES, "report.css")[0] if _TEMPLATES.loader else ""
    told = _told(doc)
    shown = {each.finding.check for each in told[:OPENED] if each.finding}
    bars = draw_bars(verdict.findings, background.past[1 - MAX_PAST :], about.host)
    return _TEMPLATES.get_template("report.html.j2").render(
        about=about,
        verdict=verdict,
        sign=SIGN[verdict.decision],
        meaning=MEANING[verdict.decision],
        counts=counts(verdict),
        shares=[(status.value, n) for status in WORST_FIRST if (n := verdict.count(status))],
        duration=_duration(about.started, about.finished),
        blocks=_blocks(doc, background.past[1 - MAX_PAST :]),
        told=told,
        opened=OPENED,
        bars=bars[:MAX_BARS],
        undrawn=max(0, len(bars) - MAX_BARS),
        few=FEW,
        changed=_changed(doc, background.past[1 - MAX_PAST :]),
        pictured=_by_stage(f for f in verdict.findings if f.exhibits and f.check not in shown),
        stages=_by_stage(sorted(verdict.findings, key=lambda f: WORST_FIRST.index(f.status))),
        coverage=cover(verdict.findings, background.requirements),
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


def _blocks(doc: Document, past: Sequence[Past]) -> list[Block]:
    """Return the last runs and this one; nothing where there were none."""
    if not past:
        return []
    this = Past(doc.verdict.decision, doc.about.finished, doc.about.release)
    return [
        Block(
            run.decision.value,
            number * 12,
            *_BLOCK[run.decision],
            " · ".join(filter(None, (_clock(run.finished), run.release, run.decision.value))),
        )
        for number, run in enumerate((*past, this))
    ]


def _changed(doc: Document, past: Sequence[Past]) -> list[str]:
    """Say since when it is measured with another browser or on another host, or with which by turns."""
    runs = [(each.browser, each.host, _called(each.release) or _clock(each.finished)) for each in past]
    about = doc.about
    runs.append((about.browser, about.host, _called(about.release) or "this run"))
    browsers = tell_change("browser", ((build_of(browser), name) for browser, _, name in runs))
    hosts = tell_change("host", ((host, name) for _, host, name in runs))
    return [words for words in (browsers, hosts) if words]


def _called(release: str) -> str:
    return f"release {release}" if release else ""


def _by_stage(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings by stage, in the order in which stages were met."""
    stages: dict[str, list[Finding]] = {}
    for finding in findings:
        stages.setdefault(finding.stage, []).append(finding)
    return stages


def _duration(started: str, finished: str) -> str:
    try:
        seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _clock(time: str) -> str:
    """Return an ISO time as people read it: `2026-01-31 03:14 UTC`."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{moment:%Y-%m-%d %H:%M}{' UTC' if moment.utcoffset() is not None and not moment.utcoffset() else ''}"


def _link(path: str) -> str:
    """Return a relative address. A colon is quoted too: no path becomes a scheme."""
    return quote(path)


def _breakable(name: str) -> Markup:
    """Return a metric's name that breaks after its dots, and not within a word."""
    return Markup(".<wbr>").join(escape(part) for part in name.split("."))


_TEMPLATES = Environment(
    loader=PackageLoader("postflight.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "link": _link,
    "breakable": _breakable,
    "quoted": shlex.quote,
    "clock": _clock,
    "draw_chart": draw_chart,
    "draw_waterfall": draw_waterfall,
    "draw_filmstrip": draw_filmstrip,
}
_TEMPLATES.globals["symbol"] = SYMBOL
