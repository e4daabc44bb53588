"""A real Prometheus server (Debian's package `prometheus`) that scrapes what it is told, on a free port of loopback."""

import contextlib
import json
import os
import re
import selectors
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import pytest

DEADLINE = 30.0  # seconds
BINARY = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(
    BINARY is None and "CI" not in os.environ, reason="no Prometheus server here: apt-get install prometheus"
)
_LISTENING = re.compile(rb"Listening on\"? address=(\S+)")


class Server:
    """A server that runs, until it is told not to."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self._process = process
        self.url = url

    def wait_for(self, query: str) -> None:
        """Wait until a query has a result."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if self._result(query):
                return
            time.sleep(0.1)
        raise AssertionError(f"Prometheus has nothing for {query} within {DEADLINE:g} s")

    def _result(self, query: str) -> object:
        address = f"{self.url}/api/v1/query?query={urllib.parse.quote(query)}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code != 503:  # it listens before it is ready
                raise
            return None

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE)


@contextlib.contextmanager
def prometheus(folder: Path, *targets: str) -> Iterator[Server]:
    """Scrape the targets (host:port) each second."""
    assert BINARY is not None
    folder.mkdir()
    jobs = [{"job_name": "velocity", "static_configs": [{"targets": list(targets)}]}]
    configuration = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(json.dumps(configuration))  # JSON is YAML
    process = subprocess.Popen(
        [
            BINARY,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            "--web.listen-address=127.0.0.1:0",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        yield Server(process, f"http://{_address(process.stderr)}")
    finally:
        process.kill()
        process.wait(DEADLINE)
        if process.stderr is not None:
            process.stderr.close()


@contextlib.contextmanager
def scraping(folder: Path, ready: dict[str, Any]) -> Iterator[Server]:
    """Scrape the web service and the orchestrator of a reference platform, until both were seen."""
    targets = [urlsplit(ready[name]).netloc for name in ("web", "orchestrator")]
    with prometheus(folder, *targets) as server:
        for target in targets:
            server.wait_for(f'http_requests_total{{instance="{target}"}}')
        yield server


def _address(log: IO[bytes]) -> str:
    """Read the log up to the line that names the address; the rest of it fits into the pipe."""
    said, until = b"", time.monotonic() + DEADLINE
    with selectors.DefaultSelector() as selector:
        selector.register(log, selectors.EVENT_READ)
        while not (found := _LISTENING.search(said)):
            assert selector.select(max(0.0, until - time.monotonic())), f"Prometheus did not start:\n{said.decode()}"
            chunk = os.read(log.fileno(), 65536)
            assert chunk, f"Prometheus ended:\n{said.decode()}"
            said += chunk
    return found[1].decode()
