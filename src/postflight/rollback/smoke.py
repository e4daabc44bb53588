"""The smoke tests on the release that came back, through the same suite and process as the gate's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from postflight.config.rollback import SmokeWords
from postflight.errors import CannotMeasure
from postflight.model import Finding, OnBreach, Status
from postflight.report import document
from postflight.run_id import RUN_ID_VARIABLE
from postflight.stage_process import STAGE_VARIABLE, run_stage

STAGE = "smoke"
_CHECK = "rollback smoke"


@dataclass(frozen=True, slots=True)
class Smoke:
    """How the smoke tests are run. `arguments` are options of pytest that say what is verified."""

    words: SmokeWords
    arguments: Sequence[str]
    environment: Mapping[str, str]
    reports: Path
    run_id: str

    def run(self) -> tuple[Finding, ...]:
        """Run them and return what they found. Whatever is bad asks for a person, never for another rollback."""
        try:
            return tuple(_held(finding) for finding in self._findings())
        except CannotMeasure as error:
            return (Finding(_CHECK, STAGE, Status.INVALID, title="Smoke tests after the rollback", summary=str(error)),)

    def _findings(self) -> tuple[Finding, ...]:
        if not Path(STAGE).is_dir():
            raise CannotMeasure(f"there is no folder {STAGE}/ here, so that the earlier release was not tested")
        reports, run_id = self.reports / STAGE, f"{self.run_id}-rollback"
        (reports / "verdict.json").unlink(missing_ok=True)
        only = ("-k", self.words.only) if self.words.only else ()
        end = run_stage(
            [STAGE, "-m", STAGE, f"--reports={reports}", "--color=no", *self.arguments, *only],
            environment={**self.environment, RUN_ID_VARIABLE: run_id, STAGE_VARIABLE: STAGE},
            log=reports / "pytest.log",
            deadline=self.words.deadline.value,
            on_progress=lambda _progress: None,
        )
        if end.timed_out:
            raise CannotMeasure(f"the smoke tests were not done within {self.words.deadline}; see {reports}/pytest.log")
        found = document.read(reports / "verdict.json", run_id=run_id).verdict.findings
        if not found:
            raise CannotMeasure(f"the smoke tests verified nothing; what pytest said is in {reports}/pytest.log")
        return found


def _held(finding: Finding) -> Finding:
    return replace(finding, on_breach=OnBreach.HOLD) if finding.on_breach is OnBreach.ROLLBACK else finding
