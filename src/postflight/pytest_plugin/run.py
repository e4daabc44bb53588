"""One run of the suite: what it is about, resolved once, and what it found."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postflight import __version__
from postflight.config.budgets import Budgets
from postflight.config.requirements import requirements_of
from postflight.host import describe_host
from postflight.model import Deployment, Finding, Status, Verdict
from postflight.probes.preflight import network_works
from postflight.pytest_plugin.collector import Collector
from postflight.redact import Redactor
from postflight.report import write_reports
from postflight.report.background import Background
from postflight.report.document import About, Document, make_document
from postflight.run_id import RUN_ID_VARIABLE, new_run_id
from postflight.target import Target, Wanted, opened
from postflight.verdict import decide


@dataclass(slots=True)
class Run:
    """The state of a run in one process. Workers have one too, but only the controller's decides."""

    run_id: str
    target: Target
    redactor: Redactor
    reports: Path
    asked_url: str | None  # the --base-url of the command line: workers resolve the same
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    collector: Collector = field(default_factory=Collector)
    planned: list[str] = field(default_factory=list)
    preflight: Finding | None = None
    browser: str = ""
    document: Document | None = None

    @property
    def deployment(self) -> Deployment:
        """What is verified."""
        return self.target.deployment

    @property
    def budgets(self) -> Budgets:
        """What is allowed."""
        return self.target.budgets

    @property
    def grounded(self) -> bool:
        """Whether the preflight said that no check needs to be tried."""
        return self.preflight is not None and self.preflight.status is not Status.GOOD

    def finish(self) -> Verdict:
        """Decide, and write the reports."""
        self._doubt_the_network()
        findings = self.collector.findings()
        planned = [] if self.grounded else map(self.redactor.text, self.planned)
        left = [check for check in planned if check not in self.collector.merged]
        verdict = decide(findings, planned=left, may_roll_back=self.deployment.known)
        about = About(
            run_id=self.run_id,
            platform=self.deployment.platform,
            environment=self.deployment.environment,
            base_url=self.deployment.base_url,
            known=self.deployment.known,
            started=self.started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            postflight=__version__,
            command=self.redactor.text(" ".join(["pytest", *sys.argv[1:]])),
            browser=self.browser,
            host=describe_host(),
        )
        self.document = make_document(about, verdict)
        write_reports(self.reports, self.document, Background(requirements_of(self.deployment.platform)))
        return verdict

    def _doubt_the_network(self) -> None:
        """Before a lost connection is blamed on the deployment, show that our own network still works."""
        lost = [
            f for f in self.collector.findings() if f.status in {Status.BAD, Status.FLAKY} and f.check != "preflight"
        ]
        if lost and (trouble := network_works(self.deployment, self.run_id)):
            broken = f"the runner's own network failed during the run, so nothing that it measured counts: {trouble}"
            self.collector.add(
                Finding("network", "run", Status.INVALID, title="network", summary=broken, voids_run=True)
            )


def start(config: pytest.Config, resources: ExitStack) -> Run:
    """Resolve what this run is about. Raises `CannotMeasure`, of which `ConfigError` is a kind."""
    told = getattr(config, "workerinput", {}).get("postflight", {})  # what an xdist controller tells its workers
    options = config.option
    wanted = Wanted(
        base_url=told["base_url"] if told else config.getoption("base_url"),
        platform=options.platform,
        environment=options.environment,
        deployments=options.deployments,
        budgets=options.budgets,
        ready=told.get("ready"),
    )
    target = resources.enter_context(opened(wanted))
    run_id = told.get("run_id") or os.environ.get(RUN_ID_VARIABLE) or new_run_id()
    return Run(run_id, target, Redactor.of(target.deployment), Path(options.reports), wanted.base_url)
