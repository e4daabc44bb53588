"""A tiny site to put under load, with planned trouble, and `postflight load` against it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ROOT, Result, run_process

COMMAND = (sys.executable, "-c", "from postflight.cli import main; main()", "load")
HERE, THERE = "10.213.77.1", "10.213.77.2"  # of a cable between two network namespaces
DEADLINE = 60.0  # seconds; bounds a hang, measures nothing


@dataclass
class Site:
    """A page without parts. `answer` is asked for each request, with its number: the status, after any delay."""

    answer: Callable[[int], int] = lambda _: 200
    asked: int = 0
    body: bytes = b"<!doctype html><title>tiny</title>"
    port: int = 0
    askers: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def number(self) -> int:
        with self.lock:
            self.asked += 1
            return self.asked


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextlib.contextmanager
def serving(site: Site, host: str = "127.0.0.1") -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            site.askers.add(self.client_address[0])
            self.send_response(site.answer(site.number()))
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(site.body)))
            self.end_headers()
            self.wfile.write(site.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server((host, 0), Handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Files:
    """The files of a project that verifies the tiny site."""

    folder: Path

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def arguments(self, *more: str) -> list[str]:
        files = [f"--deployments={self.folder}/deployments.yaml", f"--budgets={self.folder}/budgets.yaml"]
        return ["--environment=local", *files, f"--reports={self.reports}", *more]


def write_files(folder: Path, port: int, *, budgets: str, load: str, host: str = "127.0.0.1") -> Files:
    """Write the project. `budgets` and `load` are YAML in braces."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deployments.yaml").write_text(
        "version: 1\nplatforms:\n  tiny:\n    environments:\n      local:\n"
        f"        base_url: http://{host}:{port}\n        allow: [load]\n        limits: {{max_rate: 2000 /s}}\n"
    )
    (folder / "budgets.yaml").write_text(
        f"version: 1\nplatforms:\n  tiny:\n    budgets:\n      load: {budgets}\nload: {load}\n"
    )
    return Files(folder)


def load(files: Files, *arguments: str, env: dict[str, str] | None = None) -> Result:
    """Run `postflight load landing` to its end."""
    return run_process(*COMMAND, "landing", *files.arguments(*arguments), reports=files.reports, env=env)


@contextlib.contextmanager
def loading(files: Files, *arguments: str, inside: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Start `postflight load landing`, or a worker for it, and end it whatever happens.

    `inside`: a command before it.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("POSTFLIGHT_", "PYTEST_"))}
    environment |= {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "COLUMNS": "140"}
    process = subprocess.Popen(
        [*inside, *COMMAND, *([] if "--worker" in arguments else ["landing"]), *files.arguments(*arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what must happen. Fails after a deadline that no healthy machine comes near."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {DEADLINE:.0f} s"
        time.sleep(0.02)


def locusts(files: Files, *, worker: bool = False) -> list[int]:
    """Return the ids of Locust's processes of this project that live: all, or its workers."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = entry.read_bytes().split(b"\0")
            ours = b"locust" in words and any(str(files.folder).encode() in word for word in words)
            if ours and (not worker or b"--worker" in words):
                found.append(int(entry.parent.name))
    return found


def kill(process_id: int, number: signal.Signals = signal.SIGKILL) -> None:
    os.kill(process_id, number)


@contextlib.contextmanager
def namespaces() -> Iterator[list[str]]:
    """Lay a cable to a network namespace of its own, and yield the command that starts something in there."""
    name = f"pf{uuid.uuid4().hex[:8]}"
    steps = [
        f"netns add {name}",
        f"link add {name}a type veth peer name {name}b netns {name}",
        f"addr add {HERE}/30 dev {name}a",
        f"link set {name}a up",
        f"-n {name} addr add {THERE}/30 dev {name}b",
        f"-n {name} link set {name}b up",
        f"-n {name} link set lo up",
    ]
    try:
        for step in steps:
            try:
                done = subprocess.run(["ip", *step.split()], capture_output=True, text=True, timeout=10, check=False)
            except FileNotFoundError:
                pytest.skip("there is no `ip` here to make network namespaces with")
            if done.returncode:
                pytest.skip(f"no network namespaces here: ip {step}: {done.stderr.strip()}")
        yield ["ip", "netns", "exec", name]
    finally:
        for step in (f"link del {name}a", f"netns del {name}"):
            with contextlib.suppress(FileNotFoundError):
                subprocess.run(["ip", *step.split()], capture_output=True, timeout=10, check=False)


@contextlib.contextmanager
def web_ui(files: Files, *arguments: str) -> Iterator[str]:
    """Run `locust` with its web UI, and yield its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    environment["POSTFLIGHT_BUDGETS"] = f"{files.folder}/budgets.yaml"
    address = ["--web-host=127.0.0.1", f"--web-port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "locust", *address, *files.arguments(*arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(DEADLINE)


def fetch(url: str) -> httpx.Response | None:
    """Return the answer, or None while nobody listens there."""
    try:
        return httpx.get(url)
    except httpx.TransportError:
        return None
