"""Whatever ends a run or a part of it is told as what it was: never as a limit that was kept, nor as one that broke."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.e2e.loading import Site, fetch, kill, load, loading, locusts, serving, until, web_ui, write_files

LIMITS = "{landing.errors: {at_most: 2 %, on_breach: rollback}, landing.rate: {at_least: 90 %, on_breach: hold}}"
LONG = """{profiles: {landing: {rate: 80 /s, connections: 40 connections, arrivals: even}},
  generator_lag: 5 s,
  shapes: {smoke: {warm_up: 1 s, stages: [{for: 9 s, at: 100 %}]}}}"""


def slow(_: int) -> int:
    """Answer so late that visits are always under way when something ends."""
    time.sleep(0.3)
    return 200


@pytest.fixture
def prove(pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--prove"):
        pytest.skip("a longer one: runs with --prove (make prove)")


def decided(reports: Path) -> tuple[str, str]:
    verdict = json.loads((reports / "verdict.json").read_text())["verdict"]
    return verdict["decision"], " ".join(reason["text"] for reason in verdict["reasons"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_was_told_to_go_has_not_played_its_part(tmp_path: Path, number: signal.Signals) -> None:
    """As Kubernetes evicts a pod: it says goodbye, and its visits are over. Half of the load is no promotion."""
    with serving(Site(slow)) as site:
        files = write_files(tmp_path, site.port, budgets=LIMITS, load=LONG)
        with loading(files, "--workers=2") as process:
            until(lambda: site.asked > 100, "load of both workers")
            kill(locusts(files, worker=True)[0], number)
            output, _ = process.communicate(timeout=60)
    decision, words = decided(files.reports)
    assert (process.returncode, decision) == (30, "invalid"), output
    assert "1 of 2 workers did not take part to the end" in words
    assert "ended before it had played its part" in words


@pytest.mark.usefixtures("prove")
@pytest.mark.parametrize("distribution", [(), ("--processes=2",)], ids=["one process", "master and workers"])
def test_a_run_that_is_stopped_in_the_web_ui_decides_nothing(tmp_path: Path, distribution: tuple[str, ...]) -> None:
    with serving(Site(slow)) as site:
        files = write_files(tmp_path, site.port, budgets=LIMITS, load=LONG.replace("9 s", "5 min"))
        with web_ui(files, *distribution) as base:
            until(lambda: fetch(f"{base}/budgets") is not None, "the page")
            form = {"user_classes": "Landing", "shape_class": "Default", "user_count": "1", "spawn_rate": "1"}
            until(lambda: httpx.post(f"{base}/swarm", data=form).json()["success"] is True, "a start")
            for _ in range(2):  # and once more: the second run knows nothing of the first
                seen = site.asked
                until(lambda seen=seen: site.asked > seen + 200, "load")
                httpx.post(f"{base}/stop", timeout=60)
                until(lambda: "invalid</b>" in httpx.get(f"{base}/budgets/live").text, "the verdict")
                assert decided(files.reports)[0] == "invalid"
                until(lambda: httpx.post(f"{base}/swarm", data=form).json()["success"] is True, "another start")


@pytest.mark.usefixtures("prove")
def test_a_master_that_stood_still_calls_nobody_silent(tmp_path: Path) -> None:
    """It was stopped for longer than workers may be silent; what they said meanwhile lies there, all of it."""
    with serving(Site(slow)) as site:
        files = write_files(tmp_path, site.port, budgets=LIMITS, load=LONG)
        with loading(files, "--workers=2") as process:
            until(lambda: site.asked > 100, "load of both workers")
            (master,) = set(locusts(files)) - set(locusts(files, worker=True))
            kill(master, signal.SIGSTOP)
            time.sleep(7)  # the fault itself
            kill(master, signal.SIGCONT)
            output, _ = process.communicate(timeout=60)
    assert (process.returncode, decided(files.reports)[0]) == (0, "promote"), output


@pytest.mark.usefixtures("prove")
def test_a_worker_that_cleans_up_for_long_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "tidy.py").write_text(
        "from postflight.flow import Pause, Request\n\n"
        "class Adapter:\n"
        "    name = 'tiny'\n"
        "    def load_profiles(self):\n"
        "        return {'landing': lambda party: Tidy()}\n\n"
        "class Tidy:\n"
        "    def prepare(self):\n"
        "        yield from ()\n"
        "    def arrive(self, number):\n"
        "        (yield Request('GET', 'web', '/')).expect(200)\n"
        "    def conclude(self):\n"
        "        yield Pause(7)\n"
    )
    with serving(Site()) as site:
        files = write_files(tmp_path, site.port, budgets=LIMITS, load=LONG.replace("9 s", "3 s"))
        written = (tmp_path / "deployments.yaml").read_text()
        (tmp_path / "deployments.yaml").write_text(written.replace("  tiny:\n", "  tiny:\n    adapter: tidy:Adapter\n"))
        done = load(files, env={"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), str(tmp_path)])})
    assert (done.exit_code, done.decision) == (0, "promote"), done.output


@dataclass
class Cable:
    """What lies between a worker and its master. Cut, it takes what the worker says, and nobody hears of it."""

    master: int  # port
    port: int = 0
    cut: threading.Event = field(default_factory=threading.Event)
    ends: list[socket.socket] = field(default_factory=list)

    def carry(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was closed: the end
            while True:
                worker, _ = listener.accept()
                try:
                    master = socket.create_connection(("127.0.0.1", self.master))
                except OSError:  # it does not listen yet: the worker will try again
                    worker.close()
                    continue
                self.ends += [worker, master]
                for source, sink in ((worker, master), (master, worker)):
                    threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.cut.is_set():
                    sink.sendall(data)

    def mend(self) -> None:
        """Let both sides see that their connection is gone, and connect anew."""
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ends.clear()
        self.cut.clear()


@contextlib.contextmanager
def cable(master: int) -> Iterator[Cable]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        laid = Cable(master, listener.getsockname()[1])
        thread = threading.Thread(target=laid.carry, args=(listener,), daemon=True)
        thread.start()
        try:
            yield laid
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            laid.mend()
            thread.join()


@pytest.mark.usefixtures("prove")
def test_reports_that_are_lost_on_their_way_to_the_master(tmp_path: Path) -> None:
    """The network is gone for a moment, too short for silence: the ends of visits were in what was lost."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(Site(slow)) as site, cable(port) as laid:
        files = write_files(tmp_path, site.port, budgets=LIMITS, load=LONG)
        distribution = ["--master", "--workers=0", "--expect-workers=1", "--bind=127.0.0.1", f"--master-port={port}"]
        with (
            loading(files, *distribution) as master,
            loading(files, "--worker", "--master-host=127.0.0.1", f"--master-port={laid.port}"),
        ):
            until(lambda: site.asked > 200, "load")
            laid.cut.set()
            time.sleep(1.5)  # the fault itself
            laid.mend()
            output, _ = master.communicate(timeout=60)
    decision, words = decided(files.reports)
    assert (master.returncode, decision) == (30, "invalid"), output
    assert "lost on their way" in words
