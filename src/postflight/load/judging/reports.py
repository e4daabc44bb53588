"""What a run leaves behind: verdict.json and its kin, result.json, an HDR log and a chart. All texts are redacted."""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogWriter

from postflight import __version__
from postflight.host import describe_host
from postflight.load.engine.batch import FAILURES, Cell
from postflight.load.engine.histogram import Histogram
from postflight.load.judging import chart
from postflight.load.judging.breakpoint import Breakpoint
from postflight.load.judging.conclusion import Ended, generator_trouble
from postflight.load.judging.results import Worker
from postflight.load.judging.thresholds import QUANTILES, Reading
from postflight.model import Deployment, Finding
from postflight.redact import Redactor
from postflight.report import document, write_reports
from postflight.report.document import About, Document
from postflight.verdict import decide

_US = 1_000_000
Climbs = Mapping[str, Breakpoint]


def make(
    deployment: Deployment, run_id: str, started: datetime, findings: Sequence[Finding], redactor: Redactor
) -> Document:
    """Decide, and join the verdict with what it is about."""
    clean = tuple(_clean(finding, redactor) for finding in findings)
    verdict = decide(clean, planned=[finding.check for finding in clean], may_roll_back=deployment.known)
    about = About(
        run_id=run_id,
        platform=deployment.platform,
        environment=deployment.environment,
        base_url=deployment.base_url,
        known=deployment.known,
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        postflight=__version__,
        command=redactor.text(" ".join(["locust", *sys.argv[1:]])),
        host=describe_host(),
    )
    return document.make_document(about, verdict)


def _clean(finding: Finding, redactor: Redactor) -> Finding:
    """Take secrets out of the texts of a finding that may repeat what a target said."""
    summary, seen, details = map(redactor.text, (finding.summary, finding.seen, finding.details))
    return replace(finding, summary=summary, seen=seen, details=details)


def write(folder: Path, doc: Document, runs: Sequence[Ended], climbs: Climbs, redactor: Redactor) -> None:
    """Write all files; verdict.json comes last, as everywhere."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {run.profile.name: _result(run, climbs[run.profile.name]) for run in runs}
    told = {"version": 1, "run_id": doc.about.run_id, "decision": doc.verdict.decision.value, "profiles": results}
    (folder / "result.json").write_text(redactor.text(json.dumps(told, indent=2, ensure_ascii=False)) + "\n")
    for run in runs:
        (folder / f"{run.profile.name}.svg").write_text(chart.standalone(picture(run)))
        _write_log(folder / f"{run.profile.name}.hlog", run)
    write_reports(folder, doc)


def picture(run: Ended) -> str:
    """Return the chart of a run."""
    points = run.series.points(min(run.told_until, math.ceil(run.shape.seconds)))
    title = f"{run.profile.name}, {run.shape.name}: latencies from the intended start, and requests, second by second"
    return chart.draw(points, title=title, warm_up=run.shape.warm_up, seconds=run.shape.seconds)


def _result(run: Ended, found: Breakpoint) -> dict[str, Any]:
    total, flows = run.series.total, run.series.total.flows
    judged = max(0.0, run.shape.seconds - run.shape.warm_up)
    return {
        "shape": run.shape.name,
        "seconds": run.shape.seconds,
        "warm_up": run.shape.warm_up,
        "rate": run.profile.rate,
        "end": run.end.value,
        "why": run.why,
        "requests": {"ended": total.ended, "failed": total.failed, "per_second": total.ended / judged if judged else 0},
        "flows": dict(zip(flows.__slots__, flows.numbers, strict=True)) | {"due": flows.due},
        "latency": _latencies(total.latency),
        "queueing_p95": run.series.queueing(),
        "capacity": {**asdict(found), "words": str(found)} if run.shape.stepped else None,
        "thresholds": [_threshold(reading) for reading in run.readings],
        "names": [_name(name, cells) for name, cells in run.series.by_name()],
        "errors": [[message.name, message.outcome, message.text, n] for message, n in run.series.messages.items()],
        "generator": list(generator_trouble(run.workers, run.generator_lag)),
        "workers": [_worker(name, worker) for name, worker in run.workers],
    }


def _latencies(histogram: Histogram) -> dict[str, float]:
    values = histogram.quantiles(QUANTILES.values())
    named = dict(zip(QUANTILES, (value / _US for value in values), strict=True))
    return {**named, "max": histogram.maximum / _US, "mean": histogram.mean / _US, "count": histogram.count}


def _threshold(reading: Reading) -> dict[str, Any]:
    budget, value = reading.threshold.budget, reading.value
    return {
        "metric": budget.metric,
        "limit": budget.limit,
        "status": reading.status.value,
        "value": None if value is None else value.value,
        "unit": reading.threshold.limit.unit.value,
        "words": reading.words,
        "broken_in_windows": reading.broken_in_windows,
    }


def _name(name: str, cells: Mapping[str, Cell]) -> dict[str, Any]:
    whole = list(cells.values())
    return {
        "name": name,
        "count": sum(cell.count for cell in whole),
        "failed": sum(cell.count for outcome, cell in cells.items() if outcome in FAILURES),
        "outcomes": {outcome: cell.count for outcome, cell in cells.items()},
        "bytes": sum(cell.bytes for cell in whole),
        "latency": _latencies(Histogram.sum(cell.latency for cell in whole)),
        "service": _latencies(Histogram.sum(cell.service for cell in whole)),
        "queueing": _latencies(Histogram.sum(cell.queueing for cell in whole)),
    }


def _worker(name: str, worker: Worker) -> dict[str, Any]:
    lag, cpu = worker.effort.lag, worker.effort.cpu
    return {
        "id": name,
        "done": worker.done,
        "trouble": worker.trouble,
        "started": worker.flows.started,
        "lag_p99": lag.quantile(0.99) / _US,
        "cpu_mean": cpu.mean / 1000,
        "clock": {"kernel": worker.effort.kernel, "user": worker.effort.user},
    }


def _write_log(path: Path, run: Ended) -> None:
    """Write one interval for each request name, tagged with it, in microseconds: for HdrHistogram's own tools."""
    begin, end = float(run.series.begin), run.series.begin + run.shape.seconds
    with path.open("w") as file:
        log = HistogramLogWriter(file)
        log.output_comment(f"[{run.profile.name}, {run.shape.name}; microseconds, without warm-up]")
        log.output_log_format_version()
        # written by hand: `output_start_time` of hdrhistogram 0.10 takes milliseconds for seconds, and fails
        log.output_comment(f"[StartTime: {begin:.3f} (seconds since epoch)]")
        log.output_legend()
        for name, cells in run.series.by_name():
            whole: HdrHistogram = Histogram.sum(cell.latency for cell in cells.values()).hdr()
            file.write("Tag=" + re.sub(r"[,\s]", "_", name) + ",")  # the writer itself knows no tags
            log.output_interval_histogram(whole, begin, end, 1)
