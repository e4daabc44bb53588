"""The verdict on a terminal, at a glance. Text from a target is never markup there, and never a control sequence."""

import re

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from postflight.model import Decision, Finding, Measurement, Status
from postflight.report import forecast, gist
from postflight.report.document import Document
from postflight.report.summary import counts

STYLE = {
    Decision.PROMOTE: "bold green",
    Decision.HOLD: "bold yellow",
    Decision.ROLLBACK: "bold red",
    Decision.INVALID: "bold magenta",
}
STATUS_STYLE = {
    Status.GOOD: "green",
    Status.BAD: "red",
    Status.FLAKY: "yellow",
    Status.UNKNOWN: "yellow",
    Status.INVALID: "magenta",
    Status.EXCLUDED: "dim",
}
MEANING = {
    Decision.PROMOTE: "all that was verified is good",
    Decision.HOLD: "do not promote; a person should look",
    Decision.ROLLBACK: "the deployment is bad",
    Decision.INVALID: "could not be measured: this says nothing about the deployment",
}
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def plain(text: str, style: str = "") -> Text:
    """Return text that no terminal acts upon."""
    return Text(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text), style=style, overflow="fold")


def show(console: Console, doc: Document, *, reports: str, note: str = "") -> None:
    """Print verdict, reasons, measurements and what was not verified."""
    verdict, about = doc.verdict, doc.about
    known = f"{about.platform}/{about.environment}" if about.known else "unknown to deployments.yaml"
    headline = Text.assemble((verdict.decision.value.upper(), STYLE[verdict.decision]), "  ", MEANING[verdict.decision])
    parts: list[RenderableType] = [headline, plain(f"{about.base_url} ({known})", "dim")]
    by_check = {finding.check: finding for finding in verdict.findings}
    decisive = {reason.check for reason in verdict.reasons}
    for reason in verdict.reasons:
        parts += [
            "",
            _told(reason.decision.value, STYLE[reason.decision], reason.text, by_check.get(reason.check), reason.check),
        ]
    for finding in verdict.findings:
        if finding.check not in decisive and finding.status not in {Status.GOOD, Status.EXCLUDED}:
            parts += ["", _told("warning", "yellow", finding.summary, finding, finding.check)]
    measured = [m for finding in verdict.findings for m in finding.measurements]
    if limited := [m for m in measured if m.limit]:
        near, kept = gist.nearest(limited)
        parts += ["", _measured(near)]
        free = len(measured) - len(limited)
        more = [f"{kept} more within their limits"] * bool(kept) + [f"{free} more without a limit"] * bool(free)
        if more:
            parts += [plain(f"{', '.join(more)}: {reports}/report.html", "dim")]
    elif measured:
        parts += ["", _measured(measured)]
    if left_out := gist.left_out(verdict.findings):
        parts += ["", plain("not verified here")]
        parts += [Padding(plain(str(same), "dim"), (0, 0, 0, 2)) for same in left_out]
    if coming := forecast.lines(verdict.findings):
        parts += ["", plain(forecast.TITLE)]
        parts += [Padding(plain(f"{what}: {remedy}", "dim"), (0, 0, 0, 2)) for what, remedy in coming]
    parts += ["", plain(" · ".join(filter(None, [counts(verdict), note, f"details in {reports}/report.html"])))]
    console.print(Group(*parts))


def _told(word: str, style: str, text: str, finding: Finding | None, check: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=9, justify="right", no_wrap=True)
    table.add_column()
    covers = f"  {', '.join(finding.covers)}" if finding and finding.covers else ""
    title = (finding.title if finding else "") or check
    table.add_row(Text(word, style), Text.assemble(plain(title, "bold"), plain(covers, "dim")))
    table.add_row("", plain(text))
    if finding:
        rows = [("reproduce", finding.curl), ("evidence", _folder(finding.evidence)), ("run again", finding.rerun)]
        for name, value in rows:
            if value:
                table.add_row(Text(name, "dim"), plain(value, "dim"))
    return table


def _folder(evidence: tuple[str, ...]) -> str:
    """Return `folder/ (screenshot.png, trace.zip)`: the files of a finding lie together."""
    folders: dict[str, list[str]] = {}
    for path in evidence:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return "\n".join(f"{folder}/ ({', '.join(names)})" for folder, names in folders.items())


def _measured(measurements: list[Measurement]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for m in measurements:
        sign = {True: Text("within", "green"), False: Text("broken", "red"), None: Text("")}[m.met]
        table.add_row(plain(m.metric), gist.shown(m), Text(m.limit, "dim"), sign)
    return table
