"""`summary.md`: the verdict as GitHub's step summary shows it. Text from a target is never markup in it."""

import re
from pathlib import Path

from postflight.model import Decision, Finding, Measurement, Reason, Status, Verdict
from postflight.report import forecast, gist
from postflight.report.document import Document

MAX_BYTES = 900 * 1024  # GitHub refuses a step summary over 1 MiB
_SIGN = {Decision.PROMOTE: "✅", Decision.HOLD: "✋", Decision.ROLLBACK: "⏪", Decision.INVALID: "❔"}
_HEAD = ("| measured | | allowed | samples | where |", "|---|---|---|---|---|")
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@&:$])")


def escape(text: str, limit: int = 400) -> str:
    """Return text as one line that Markdown, HTML and GitHub's mentions leave as it is."""
    line = " ".join(text.split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", line)


def write(path: Path, doc: Document) -> None:
    """Write the summary, bounded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = render(doc)
    if len(text.encode()) > MAX_BYTES:
        text = text.encode()[:MAX_BYTES].decode(errors="ignore") + "\n\n… cut: the rest is in verdict.json\n"
    path.write_text(text, encoding="utf-8")


def render(doc: Document) -> str:
    """Return the summary as Markdown."""
    verdict, about = doc.verdict, doc.about
    title = f"## {_SIGN[verdict.decision]} Postflight: {verdict.decision.value}"
    about_line = (
        f"{escape(about.platform)} / {escape(about.environment)} at {escape(about.base_url)} · {counts(verdict)}"
    )
    lines = [title, "", about_line, ""]
    if verdict.reasons:
        by_check = {finding.check: finding for finding in verdict.findings}
        lines += ["| asks for | check | why |", "|---|---|---|"]
        lines += [_reason(reason, by_check.get(reason.check)) for reason in verdict.reasons]
        lines.append("")
    measured = [m for finding in verdict.findings for m in finding.measurements]
    if measured:
        near, more = gist.nearest(measured)
        lines += [*_HEAD, *(_measured(measurement) for measurement in near), ""]
        if more:
            everything = [_measured(measurement) for measurement in measured]
            lines += [
                f"<details><summary>{more} more measurements</summary>",
                "",
                *_HEAD,
                *everything,
                "",
                "</details>",
                "",
            ]
    if coming := forecast.lines(verdict.findings):
        lines += [f"<details><summary>{forecast.TITLE}</summary>", "", "| | to do |", "|---|---|"]
        lines += [f"| {escape(what)} | {escape(remedy)} |" for what, remedy in coming]
        lines += ["", "</details>", ""]
    lines += ["<details><summary>All checks</summary>", "", "| | check | covers |", "|---|---|---|"]
    lines += [_row(finding) for finding in verdict.findings]
    lines += ["", "</details>", "", f"Run {escape(about.run_id)}, {about.started} to {about.finished}", ""]
    return "\n".join(lines)


def counts(verdict: Verdict) -> str:
    """Return `12 good, 1 bad` for the statuses that occur."""
    return ", ".join(f"{n} {status.value}" for status in Status if (n := verdict.count(status))) or "no findings"


def _reason(reason: Reason, finding: Finding | None) -> str:
    title = escape(finding.title if finding and finding.title else reason.check, 160)
    covers = f" ({', '.join(finding.covers)})" if finding and finding.covers else ""
    again = f"<br>run again: <code>{escape(finding.rerun)}</code>" if finding and finding.rerun else ""
    return f"| {reason.decision.value} | {title}{covers} | {escape(reason.text)}{again} |"


def _measured(measured: Measurement) -> str:
    broken = " ❌" if measured.met is False else ""
    where = escape(measured.where, 160)
    cells = [
        escape(measured.metric),
        f"{gist.shown(measured)}{broken}",
        measured.limit,
        str(len(measured.values)),
        where,
    ]
    return f"| {' | '.join(cells)} |"


def _row(finding: Finding) -> str:
    return f"| {finding.status.value} | {escape(finding.title or finding.check, 200)} | {', '.join(finding.covers)} |"
