"""Whatever ends a run, nothing of it is left: no project, no session, no container, and no process of ours.

The run is ended while previews live: by Ctrl-C, by the death of a worker, of the master, of the command itself.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT
from tests.faults.test_load_faults import BUDGETS, LOAD

DEADLINE = 60.0  # seconds; bounds a hang, measures nothing


@pytest.fixture(scope="module")
def platform() -> Iterator[dict[str, Any]]:
    with reference_platform() as ready:
        yield {**json.loads(ready), "line": ready}


def active(platform: dict[str, Any]) -> int:
    """How many previews live, as the orchestrator says."""
    metrics = httpx.get(f"{platform['orchestrator']}/metrics").text
    return int(float(next(line.split()[1] for line in metrics.splitlines() if line.startswith("active_preview_"))))


def projects(platform: dict[str, Any]) -> int:
    """How many projects all accounts have."""
    total = 0
    for account in platform["accounts"].values():
        token = httpx.post(f"{platform['web']}/api/auth/login", json=account).raise_for_status().json()["token"]
        answer = httpx.get(f"{platform['web']}/api/projects", headers={"Authorization": f"Bearer {token}"})
        total += answer.raise_for_status().json()["total"]
    return total


def eventually(probe: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + DEADLINE
    while not probe():
        assert time.monotonic() < until, f"not within {DEADLINE:.0f} s: {what}"
        time.sleep(0.05)


def kind(process: psutil.Process) -> str:
    """Which of a run's processes this is."""
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return ""
    return "worker" if "--worker" in line else "master" if "locust" in line else ""


def kill_a(which: str) -> Callable[[psutil.Process], None]:
    def kill(command: psutil.Process) -> None:
        next(child for child in command.children(recursive=True) if kind(child) == which).kill()

    return kill


def interrupt(command: psutil.Process) -> None:
    command.send_signal(signal.SIGINT)


def kill(command: psutil.Process) -> None:
    command.kill()


ENDS = {"worker": kill_a("worker"), "master": kill_a("master"), "ctrl-c": interrupt, "command": kill}
QUICK = ("worker",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "end" in metafunc.fixturenames:
        metafunc.parametrize("end", ENDS if metafunc.config.getoption("--prove") else QUICK)


def test_nothing_is_left_after_an_abort(end: str, platform: dict[str, Any], tmp_path: Path) -> None:
    command = [*LOAD, "preview-start", "--workers", "2", "--budgets", str(BUDGETS), "--reports", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", READY_VARIABLE: platform["line"]}
    run = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        eventually(lambda: active(platform) > 0 or run.poll() is not None, "a preview lives")
        assert run.poll() is None, run.communicate()[0]
        children = psutil.Process(run.pid).children(recursive=True)
        ENDS[end](psutil.Process(run.pid))
        output, _ = run.communicate(timeout=DEADLINE)
        _, alive = psutil.wait_procs(children, DEADLINE)  # those of a killed command see that it is gone
    finally:
        run.kill()
        run.wait()
    assert alive == []
    assert (active(platform), projects(platform)) == (0, 0), output
    assert run.returncode not in (0, 10, 20), f"an aborted run is no verdict about the platform\n{output}"
