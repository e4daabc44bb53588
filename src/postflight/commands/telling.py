"""How a command that decides tells its verdict: as files among the reports, and on the terminal."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from postflight import __version__
from postflight.config.requirements import requirements_of
from postflight.host import describe_host
from postflight.model import Deployment, Verdict
from postflight.redact import Redactor
from postflight.report import document, terminal, write_reports
from postflight.report.background import Background, Past
from postflight.report.document import About, Document


def about(deployment: Deployment, run_id: str, started: str, *, browser: str = "", release: str = "") -> About:
    """Return what a run that ends now was about. `started` is ISO 8601 in UTC."""
    redactor = Redactor.of(deployment)
    return About(
        run_id=run_id,
        platform=deployment.platform,
        environment=deployment.environment,
        base_url=deployment.base_url,
        known=deployment.known,
        started=started,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        postflight=__version__,
        command=redactor.text(shlex.join(["postflight", *sys.argv[1:]])),
        browser=browser,
        release=redactor.text(release),
        host=describe_host(),
    )


def tell(
    console: Console, reports: Path, run: About, verdict: Verdict, *, note: str = "", past: tuple[Past, ...] = ()
) -> Document:
    """Write every report, print the verdict, and return the document. `past` are runs before this one."""
    doc = document.make_document(run, verdict)
    write_reports(reports, doc, Background(requirements_of(run.platform), past))
    console.print()
    terminal.show(console, doc, reports=str(reports), note=note)
    return doc
