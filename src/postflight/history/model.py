"""The nouns of the history. All frozen; no I/O."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from postflight.checks.run_kind import RunKind, kinds_of
from postflight.checks.weight.release import FileWeight
from postflight.model import Decision, Measurement, Unit
from postflight.report.document import Document

LONGEST = 400  # characters of a text


@dataclass(frozen=True, slots=True)
class Series:
    """What one run measured of one metric, in its unit. `met`: whether its budgets were kept; None without one.

    `kind` is what it was taken with, None where the run did not say: only series of equal kinds are ever compared.
    """

    metric: str
    unit: Unit
    samples: int
    least: float
    median: float
    worst: float
    limit: str = ""
    met: bool | None = None
    kind: RunKind | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One run: who verified what, when, and what was decided and done. Times are Unix seconds.

    `release` is what was deployed, `by` who ran it, `link` where its log is, `acted` what was done about it. `browser`
    and `host` are what it measured with, empty where it did not say. All texts come from a verdict's document, so they
    hold no secrets.
    """

    run_id: str
    command: str  # gate, watch or comparison
    platform: str
    environment: str
    base_url: str
    known: bool
    started: float
    finished: float
    decision: Decision
    exit_code: int
    release: str = ""
    reason: str = ""
    by: str = ""
    link: str = ""
    acted: str = ""
    postflight: str = ""
    browser: str = ""
    host: str = ""
    measured: tuple[Series, ...] = field(default=(), repr=False)
    files: tuple[FileWeight, ...] = field(default=(), repr=False)  # of the pages that were weighed

    @property
    def target(self) -> str:
        """What was verified: `velocity/staging`, or the address of what deployments.yaml does not know."""
        return f"{self.platform}/{self.environment}" if self.known else self.base_url

    @property
    def compared(self) -> tuple[Series, ...]:
        """What it measured, as far as that says something: nothing of a run that could not measure (`invalid`)."""
        return () if self.decision is Decision.INVALID else self.measured


def summarise(
    doc: Document,
    command: str,
    *,
    environ: Mapping[str, str],
    by: str = "",
    acted: str = "",
    files: tuple[FileWeight, ...] = (),
) -> Entry:
    """Return what the history keeps of a run. `environ` may name the release, the person and the log of the run."""
    about, verdict = doc.about, doc.verdict
    return Entry(
        run_id=about.run_id,
        command=command,
        platform=about.platform,
        environment=about.environment,
        base_url=_cut(about.base_url),
        known=about.known,
        started=datetime.fromisoformat(about.started).timestamp(),
        finished=datetime.fromisoformat(about.finished).timestamp(),
        decision=verdict.decision,
        exit_code=doc.exit_code,
        release=_cut(about.release or environ.get("POSTFLIGHT_RELEASE", "")),
        reason=_cut(verdict.reasons[0].text if verdict.reasons else ""),
        by=_cut(environ.get("GITHUB_ACTOR") or by),
        link=_cut(_link(environ)),
        acted=_cut(acted),
        postflight=about.postflight,
        browser=_cut(about.browser),
        host=_cut(about.host),
        measured=_series([m for finding in verdict.findings for m in finding.measurements], _cut(about.host)),
        files=files,
    )


def _series(measurements: Sequence[Measurement], host: str) -> tuple[Series, ...]:
    """Join what different checks measured of one metric."""
    kinds = kinds_of(measurements, host)
    by_metric = defaultdict[tuple[str, Unit], list[Measurement]](list)
    for measurement in measurements:
        by_metric[measurement.metric, measurement.unit].append(measurement)
    return tuple(_joined(*name, taken, kinds.get(name)) for name, taken in by_metric.items())


def _joined(metric: str, unit: Unit, taken: list[Measurement], kind: RunKind | None) -> Series:
    values = [value for measurement in taken for value in measurement.values]
    judged = [measurement.met for measurement in taken if measurement.met is not None]
    limit = next((measurement.limit for measurement in taken if measurement.limit), "")
    met = all(judged) if judged else None
    return Series(metric, unit, len(values), min(values), median(values), max(values), limit, met, kind)


def _link(environ: Mapping[str, str]) -> str:
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
