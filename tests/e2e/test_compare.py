"""`postflight compare` on real servers: slower, not slower, broken, and nothing to compare with."""

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, run_process, serving
from tests.e2e.conftest import POSTFLIGHT


def handler(seconds: float = 0.0, status: int = 200) -> type[BaseHTTPRequestHandler]:
    """A site that works for so many seconds of its own CPU time before each answer."""

    class Site(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 4096  # one segment for all of an answer: a second one would wait for the first one's acknowledgement

        def do_GET(self) -> None:
            until = time.thread_time() + seconds
            while time.thread_time() < until:
                pass
            self.send_response(status if self.path != "/" else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    return Site


Compare = Callable[..., tuple[Result, dict[str, Any]]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    def run(old: str, new: str, *arguments: str) -> tuple[Result, dict[str, Any]]:
        own = ("--path", "/page", "--warm-up", "20", "--reports", str(tmp_path))
        done = run_process(*POSTFLIGHT, "compare", old, new, *own, *arguments, reports=tmp_path)
        path = tmp_path / "verdict.json"
        return done, json.loads(path.read_text())["verdict"] if path.exists() else {}

    return run


def test_a_deployment_that_does_twice_the_work_is_slower(compare: Compare) -> None:
    with serving(handler(0.003)) as old, serving(handler(0.006)) as new:
        done, verdict = compare(old, new, "--rounds", "400")
    assert (done.exit_code, verdict["decision"]) == (10, "hold")
    (finding,) = verdict["findings"]
    assert finding["status"] == "bad"
    assert finding["summary"].startswith("slower: new against old +")
    assert "slower" in done.output


def test_the_same_deployment_is_never_slower(compare: Compare) -> None:
    with serving(handler(0.001)) as old, serving(handler(0.001)) as new:
        done, verdict = compare(old, new, "--margin", "50%", "--rounds", "400")
    assert {finding["status"] for finding in verdict["findings"]} <= {"good", "unknown"}
    assert done.exit_code in (0, 10)


def test_a_new_deployment_that_fails_is_bad_and_not_slow(compare: Compare) -> None:
    with serving(handler()) as old, serving(handler(status=500)) as new:
        done, verdict = compare(old, new)
    assert done.exit_code == 10
    assert "status 500" in verdict["findings"][0]["summary"]


def test_an_old_deployment_that_fails_is_no_measure(compare: Compare) -> None:
    with serving(handler(status=500)) as old, serving(handler()) as new:
        done, verdict = compare(old, new)
    assert done.exit_code == 30
    assert "the old deployment is no measure" in verdict["findings"][0]["summary"]


def test_an_old_deployment_that_is_not_there_is_invalid(compare: Compare) -> None:
    with serving(handler()) as new:
        done, verdict = compare("http://127.0.0.1:9", new)
    assert (done.exit_code, verdict) == (30, {})
    assert "the old deployment is no measure" in done.output


def test_a_deployment_is_not_compared_with_itself(compare: Compare) -> None:
    with serving(handler()) as url:
        done, verdict = compare(url, f"{url}/")
    assert (done.exit_code, verdict) == (30, {})
    assert "is both the old and the new deployment" in done.output
