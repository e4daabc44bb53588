"""Each fault of stage performance turns exactly its checks red, and the finding names its cause.

By default a sample runs, against the checks that own its faults; `--prove` runs each against its whole part of the
stage (vitals, weight, backend, access): nothing else of it may fail. What a fault does to another part follows from
what it is: a blocking script is felt, and weighed.
"""

import re
import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.faults.performance_table import SAMPLE, TABLE, Planted

FUNCTION = re.compile(r"^def (test_\w+)", re.MULTILINE)


def performance(tmp_path: Path, *chosen: str, arguments: tuple[str, ...] = ()) -> Result:
    """Run stage performance, or some of its checks, against a reference platform that is started like this."""
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "-m", "performance", "--reports", str(reports), *chosen]
    with reference_platform(arguments) as ready:
        return run_process(*command, "-p", "no:cacheprovider", reports=reports, env={READY_VARIABLE: ready})


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
        metafunc.parametrize("planted", chosen, ids=lambda planted: planted.fault)


def test_a_fault_turns_its_checks_red_and_is_named(
    planted: Planted, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    whole = pytestconfig.getoption("--prove")
    chosen = where(planted.fails, whole=whole) + ([] if whole else list(planted.only))
    result = performance(tmp_path, *chosen, arguments=(*planted.arguments, "--fault", planted.fault))
    assert failing(result) == set(planted.fails), result.output
    assert all(words in told(result) for words in planted.says), told(result)
    assert result.exit_code != 0
