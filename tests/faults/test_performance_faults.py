"""Each fault of stage performance turns exactly its checks red, and the finding names its cause.

By default a sample runs, against the checks that own its faults; `--prove` runs each against its whole part of the
stage (vitals, weight, backend, access): nothing else of it may fail. What a fault does to another part follows from
what it is: a blocking script is felt, and weighed.
"""

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.e2e.prometheus import needs_prometheus, scraping
from tests.faults.performance_table import DISKS, MEMORY, PROCESSORS, SAMPLE, TABLE, Planted

NODE_EXPORTER = """node_exporter: 'job="velocity"'"""
FUNCTION = re.compile(r"^def (test_\w+)", re.MULTILINE)


def performance(tmp_path: Path, *chosen: str, arguments: tuple[str, ...] = (), asks: str = "") -> Result:
    """Run stage performance, or some of its checks, against a reference platform that is started like this.

    With `asks` a Prometheus scrapes it, of which deployments.yaml `asks` so.
    """
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "-m", "performance", "--reports", str(reports), *chosen]
    with contextlib.ExitStack() as stack:
        ready = stack.enter_context(reference_platform(arguments))
        if asks:
            command += ["--deployments", stack.enter_context(scraped(tmp_path, ready, asks))]
        return run_process(*command, "-p", "no:cacheprovider", reports=reports, env={READY_VARIABLE: ready})


@contextlib.contextmanager
def scraped(folder: Path, ready: str, asks: str) -> Iterator[str]:
    """Scrape what is ready, and give a deployments.yaml that says whom to ask."""
    with scraping(folder / "prometheus", json.loads(ready)) as server:
        own, start = (ROOT / "deployments.yaml").read_text(), "        start: reference\n"
        resources = f"        resources:\n          prometheus: {server.url}\n          {asks}\n"
        (folder / "deployments.yaml").write_text(own.replace(start, start + resources, 1))
        yield str(folder / "deployments.yaml")


def where(names: tuple[str, ...], *, whole: bool) -> list[str]:
    """Return the node ids of test functions of the stage, or with `whole` the folders or files of their parts."""
    files = {
        name: path for path in (ROOT / "performance").rglob("test_*.py") for name in FUNCTION.findall(path.read_text())
    }
    if whole:
        return sorted({str(Path(*files[name].relative_to(ROOT).parts[:2])) for name in names})
    return [f"{files[name].relative_to(ROOT)}::{name}" for name in names]


def failing(result: Result) -> set[str]:
    """Return the functions of the checks that are neither good nor excluded."""
    bad = {name for name, status in result.statuses().items() if status not in {"good", "excluded"}}
    return {name.partition("[")[0] for name in bad}


def told(result: Result) -> str:
    """Return all that the findings which are not good say."""
    findings = [f for f in result.verdict["findings"] if f["status"] not in {"good", "excluded"}]
    return "\n".join(f"{f['summary']} {f['expected']} {f['seen']} {f['where']}" for f in findings)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By default a sample; `--prove` plants all."""
    if "planted" in metafunc.fixturenames:
        chosen = TABLE if metafunc.config.getoption("--prove") else SAMPLE
        rows = [pytest.param(row, marks=needs_prometheus if row.scraped else ()) for row in chosen]
        metafunc.parametrize("planted", rows, ids=lambda planted: planted.fault)


def test_a_fault_turns_its_checks_red_and_is_named(
    planted: Planted, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    whole = pytestconfig.getoption("--prove")
    chosen = where(planted.fails, whole=whole) + ([] if whole else list(planted.only))
    arguments = (*planted.arguments, "--fault", planted.fault)
    result = performance(tmp_path, *chosen, arguments=arguments, asks=NODE_EXPORTER if planted.scraped else "")
    assert failing(result) == set(planted.fails), result.output
    assert all(words in told(result) for words in planted.says), told(result)
    assert result.exit_code != 0


WRITTEN = """scraped: 'up{job="velocity"}'
          memory: "1 - last_over_time(node_memory_MemAvailable_bytes[$window]) / 4e9"
          cpu: sum by (nobody) (rate(node_cpu_seconds_total[$window])"""


@needs_prometheus
def test_what_is_asked_wrongly_is_invalid_and_what_is_not_asked_is_excluded(tmp_path: Path) -> None:
    result = performance(tmp_path, *where((PROCESSORS, MEMORY, DISKS), whole=False), asks=WRITTEN)
    found = {name: result.finding(name)["status"] for name in (PROCESSORS, MEMORY, DISKS)}
    assert found == {PROCESSORS: "invalid", MEMORY: "good", DISKS: "excluded"}, result.output
    written = (tmp_path / "deployments.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(written, start=1) if "cpu: sum by" in text)
    assert (
        f"deployments.yaml:{line}: Prometheus refuses the query with status 400"
        in result.finding(PROCESSORS)["summary"]
    )
    assert "`resources: {prometheus: ..., disk: ...}`" in result.finding(DISKS)["summary"]
    assert (result.decision, result.exit_code) == ("invalid", 1)
