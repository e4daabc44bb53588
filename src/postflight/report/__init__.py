"""One module per output format."""

from pathlib import Path

from postflight.report import document, html, junit, sarif, summary
from postflight.report.background import NOTHING_KNOWN, Background
from postflight.report.document import Document


def write_reports(folder: Path, doc: Document, background: Background = NOTHING_KNOWN) -> None:
    """Write every file format. `verdict.json` comes last: where it is, the others are.

    `background` is what `report.html` tells besides: requirements that nobody verified, and earlier runs.
    """
    junit.write(folder / "junit.xml", doc)
    sarif.write(folder / "results.sarif", doc.verdict.findings, version=doc.about.postflight)
    summary.write(folder / "summary.md", doc)
    html.write(folder, doc, background)
    document.write(folder / "verdict.json", doc)
