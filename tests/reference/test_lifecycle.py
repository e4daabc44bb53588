"""However the platform ends, nothing of it stays: no process, no folder, no database."""

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from reference.faults import REGISTRY
from tests.reference.running import DEADLINE, ROOT, Running, eventually, start, start_preview


def expect_nothing_left(processes: list[psutil.Process], folder: Path) -> None:
    eventually(lambda: not any(map(is_alive, processes)), "all processes have ended")
    eventually(lambda: not folder.exists(), f"{folder} is removed")


def is_alive(process: psutil.Process) -> bool:
    """An orphan that has ended stays a zombie until init reaps it, which is not our business."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, None], ids=str)
def test_every_end_takes_all_along(end: signal.Signals | None) -> None:
    with start() as running:
        with running.sign_in() as user:
            start_preview(user, user.post("/api/projects", json={"name": "Left behind?"}).json()["id"])
        processes = running.descendants()
        assert any("reference.preview" in process.cmdline() for process in processes)
        assert any(process.name() == "postgres" for process in processes)
        if end is None:
            assert running.process.stdin is not None
            running.process.stdin.close()
        else:
            running.process.send_signal(end)
        code = running.process.wait(DEADLINE)
        assert code == (-signal.SIGKILL if end is signal.SIGKILL else 0)
        expect_nothing_left(processes, running.folder)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_an_end_while_it_starts(end: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-m", "reference"], cwd=ROOT, stdout=subprocess.PIPE)
    children = eventually(lambda: psutil.Process(process.pid).children(recursive=True), "it has started a process")
    process.send_signal(end)
    output, _ = process.communicate(timeout=DEADLINE)
    assert output == b""
    eventually(lambda: not any(map(is_alive, children)), "all processes have ended")
    for child in children:
        assert not list(Path(tempfile.gettempdir()).glob(f"velocity-reference-{child.pid}-*"))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_a_borrowed_server_is_left_as_it_was(platform: Running, end: signal.Signals) -> None:
    def databases() -> set[str]:
        with psycopg.connect(platform.maintenance_database) as connection:
            return {name for (name,) in connection.execute("select datname from pg_database")}

    before = databases()
    with start("--database", platform.maintenance_database) as running:
        assert len(databases() - before) == 1
        running.process.send_signal(end)
        running.process.wait(DEADLINE)
        eventually(lambda: databases() == before, "its database is dropped")


def test_two_platforms_do_not_meet(platform: Running) -> None:
    with start("--database", platform.maintenance_database) as running, running.client() as client:
        foreign = client.post("/api/auth/login", json=platform.ready["accounts"]["primary"])
        assert foreign.status_code == 401


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reference", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)


def test_a_server_that_does_not_answer_is_said_so() -> None:
    done = run("--database", "postgresql://127.0.0.1:1/postgres")
    assert (done.returncode, done.stdout) == (1, "")
    assert "PostgreSQL does not answer" in done.stderr


def test_a_misspelt_fault_is_told_the_nearest() -> None:
    done = run("--fault", "dead-lnding")
    assert done.returncode == 2
    assert "did you mean 'dead-landing'?" in done.stderr


def test_faults_are_listed() -> None:
    listed = json.loads(run("--list-faults", "--json").stdout)
    assert {fault["name"] for fault in listed} == set(REGISTRY)
    assert all(fault["breaks"] and fault["covers"] for fault in listed)
    assert "dead-landing" in run("--list-faults").stdout
