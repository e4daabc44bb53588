"""The signal of a real Locust: what its users got, a reset of its statistics, and its end."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from postflight.redact import Redactor
from postflight.signals.clock import SystemClock
from postflight.signals.http import open_http
from postflight.signals.locust import Get, Locust
from postflight.signals.reading import Counted, Missing, Span
from postflight.stats.blocks import Block
from postflight.stats.rules import ErrorRate
from tests.e2e.front import front

DEADLINE = 60.0  # seconds
ERRORS = ErrorRate(name="error_rate.locust")
BLOCK = 2.5  # seconds: Locust renews its statistics every 2 s
USERS = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def look(self):
        self.client.get("/")
"""


@contextlib.contextmanager
def locust(folder: Path, target: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a Locust with its web interface, and give the address of that once users are at work."""
    (folder / "locustfile.py").write_text(USERS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        "locustfile.py",
        "--host",
        target,
        "--autostart",
        "-u",
        "2",
        "-r",
        "2",
    ]
    with (folder / "locust.txt").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--web-host", "127.0.0.1", "--web-port", str(port)], cwd=folder, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + DEADLINE
            while _requests(url) == 0:
                assert process.poll() is None, (folder / "locust.txt").read_text()
                assert time.monotonic() < deadline, "Locust did not begin"
                time.sleep(0.1)
            yield url, process
        finally:
            process.kill()
            process.wait(DEADLINE)


def _requests(url: str) -> int:
    try:
        with urllib.request.urlopen(f"{url}/stats/requests", timeout=5) as answer:
            rows = json.load(answer)["stats"]
    except OSError:
        return 0
    return sum(row["num_requests"] for row in rows)


def test_a_running_locust(tmp_path: Path) -> None:
    with front("http://127.0.0.1:9") as target:
        target.fail()
        with locust(tmp_path, target.url) as (url, process):
            found = asyncio.run(_blocks(url, process))
    well, reset, gone = found
    assert isinstance(well, Block)
    assert well.requests == well.bad > 10, "each answer is 500, and Locust calls that a failure"
    assert isinstance(reset, Missing)
    assert "were reset" in reset.reason
    assert isinstance(gone, Missing)
    assert "refuses connections" in gone.reason


async def _blocks(url: str, process: subprocess.Popen[bytes]) -> list[Counted]:
    """Read three blocks: one as it is, one in which the statistics are reset, one in which Locust ends."""
    clock = SystemClock()
    async with open_http(run_id="test", ca_file=None, redactor=Redactor([]), connections=5) as http:
        get: Get = lambda address: http.get(address, deadline=5.0)  # noqa: E731
        source = Locust(url, [ERRORS], get, clock)
        found: list[Counted] = []
        start = clock.now()
        for number in (1, 2, 3):
            span = Span(number, start + BLOCK * (number - 1), start + BLOCK * number)
            reading = asyncio.create_task(source.read(span))
            if number == 2:
                await asyncio.to_thread(urllib.request.urlopen, f"{url}/stats/reset", b"")
            if number == 3:
                process.kill()
            found.append((await reading).counted[ERRORS.name])
        return found
