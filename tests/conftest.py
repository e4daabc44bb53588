"""What the tests share: a suite of one's own run by a real pytest against a real little server."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a slow machine is no failure
settings.load_profile("untimed")
ROOT = Path(__file__).parents[1]
os.environ["POSTFLIGHT_HISTORY"] = "off"  # tests are nobody's deployments; also for a command in this process
RUN_DEADLINE = 300.0  # seconds; bounds a hang, measures nothing


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--prove", action="store_true", help="run every planted fault against everything, not only its owners"
    )


@dataclass(frozen=True)
class Result:
    """How a pytest or gate process ended, and the verdict that it wrote."""

    exit_code: int
    output: str
    reports: Path

    @property
    def verdict(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.reports / "verdict.json").read_text())
        return document["verdict"]

    @property
    def decision(self) -> str:
        return str(self.verdict["decision"])

    def statuses(self) -> dict[str, str]:
        """The status of each check by the name of its test."""
        return {finding["check"].rpartition("::")[2]: finding["status"] for finding in self.verdict["findings"]}

    def finding(self, name: str) -> dict[str, Any]:
        return next(f for f in self.verdict["findings"] if f["check"].rpartition("::")[2] == name)


def run_process(*command: str, reports: Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> Result:
    """Run a command with the library on its path, within a deadline."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("POSTFLIGHT_", "PYTEST_"))}
    environment["POSTFLIGHT_HISTORY"] = "off"  # tests are nobody's deployments
    environment |= {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "COLUMNS": "140"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes compiles all that it imports
    environment |= env or {}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=RUN_DEADLINE, check=False
    )
    return Result(done.returncode, done.stdout + done.stderr, reports)


@pytest.fixture
def run_suite(tmp_path: Path) -> Callable[..., Result]:
    """Run a suite whose smoke/test_it.py is given, as a user would: `pytest -m smoke ...`."""

    def run(source: str, *arguments: str, env: dict[str, str] | None = None, **files: str) -> Result:
        suite = tmp_path / "suite"
        (suite / "smoke").mkdir(parents=True, exist_ok=True)
        (suite / "conftest.py").write_text('pytest_plugins = ["postflight.pytest_plugin"]\n')
        (suite / "pyproject.toml").write_text(
            '[tool.pytest.ini_options]\ntestpaths = ["smoke"]\naddopts = ["--strict-markers"]\n'
        )
        (suite / "smoke" / "test_it.py").write_text("import pytest\npytestmark = pytest.mark.smoke\n" + source)
        (suite / "deployments.yaml").write_text(files.get("deployments") or (ROOT / "deployments.yaml").read_text())
        (suite / "budgets.yaml").write_text(files.get("budgets", "version: 1\nplatforms: {}\n"))
        command = [sys.executable, "-m", "pytest", "-m", "smoke", "-p", "no:cacheprovider", *arguments]
        return run_process(*command, reports=suite / "reports", cwd=suite, env=env)

    return run


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>t</title><h1>hello</h1>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class AnsweringHandler(BaseHTTPRequestHandler):
    """What handlers with many different answers share. `headers`: underscores stand for dashes."""

    protocol_version = "HTTP/1.1"

    def answer(self, body: bytes, media_type: str, *, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": media_type, "Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """An ordinary little site on loopback that deployments.yaml does not know."""
    with serving(_Page) as url:
        yield url
