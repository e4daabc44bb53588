"""A deployment that is not there, or is no web server: said once, truly, in bounded time and memory."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import hostile
from tests.conftest import Result, run_process, serving

RunSuite = Callable[..., Result]
RunGate = Callable[..., Result]
MOST_MEMORY = 300_000  # kilobytes; an idle run takes 85 000, an endless body or an inflated bomb would take gigabytes
GREEN = "def test_x(): pass"

# runs a command and says how much memory it took at most: a parent can ask this of children that have ended
PEAK = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
MEASURED = (sys.executable, "-c", PEAK)


@pytest.mark.parametrize("kind", hostile.BAD)
def test_unknown_address_that_does_not_answer_is_hold(tmp_path: Path, kind: str) -> None:
    bad = hostile.BAD[kind]
    with bad.serve() as url:
        command = [sys.executable, "-m", "pytest", "-m", "smoke", "-p", "no:cacheprovider"]
        result = run_process(*MEASURED, *command, "--base-url", url, f"--reports={tmp_path}", reports=tmp_path)
    assert (result.decision, result.exit_code) == ("hold", 1), result.output
    summary = result.finding("preflight")["summary"]
    assert summary.startswith(urlsplit(url).netloc)
    assert bad.words in summary
    assert summary.partition(";")[0] in re.sub(r"\s+", " ", result.output), "the reason is on the terminal"
    assert result.statuses() == {"preflight": "bad"}, "it is said once, not by every check"
    assert int(re.findall(r"^peak (\d+)$", result.output, re.MULTILINE)[-1]) < MOST_MEMORY


def test_gate_holds_for_an_unknown_address_that_refuses(run_gate: RunGate) -> None:
    with hostile.refused() as url:
        result = run_gate({"smoke": GREEN}, "--base-url", url)
    assert (result.decision, result.exit_code) == ("hold", 10), result.output
    assert "refuses connections" in result.output
    assert not (result.reports / "smoke").exists(), "no stage was started"


def test_gate_rolls_back_a_known_environment_that_refuses(run_gate: RunGate) -> None:
    with hostile.refused() as url, hostile.answering() as control:
        result = run_gate({"smoke": GREEN}, "--environment", "here", deployments=_here(url, control))
    assert (result.decision, result.exit_code) == ("rollback", 20), result.output
    assert f"{urlsplit(url).netloc} refuses connections" in result.output


def test_gate_is_invalid_when_the_control_address_refuses(run_gate: RunGate) -> None:
    with hostile.answering() as url, hostile.refused() as control:
        result = run_gate({"smoke": GREEN}, "--environment", "here", deployments=_here(url, control))
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert f"control address {urlsplit(control).netloc}" in result.output


def test_gate_is_invalid_when_the_name_does_not_resolve(run_gate: RunGate) -> None:
    # without the proxies of this machine, behind which only the proxy's own name must resolve
    environ = dict.fromkeys(["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"], "")
    result = run_gate({"smoke": GREEN}, "--base-url", "http://does-not-exist.invalid", env=environ)
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "does-not-exist.invalid" in result.output


DIES = """
from postflight.flow import Request
def test_before(api): api.send(Request("GET", "web", "/")).expect(200)
def test_last(api): api.send(Request("GET", "web", "/last")).expect(200)
def test_after(api): api.send(Request("GET", "web", "/")).expect(200)
"""


def test_unknown_host_that_dies_during_the_run_is_hold(run_suite: RunSuite) -> None:
    with _dying() as url:
        result = run_suite(DIES, "--base-url", url)
    assert (result.decision, result.exit_code) == ("hold", 1), result.output
    assert result.statuses() == {"preflight": "good", "test_before": "good", "test_last": "good", "test_after": "bad"}
    assert f"{urlsplit(url).netloc} refuses connections" in result.finding("test_after")["summary"]


def test_known_host_that_dies_during_the_run_is_rollback(run_gate: RunGate) -> None:
    with _dying() as url, hostile.answering() as control:
        result = run_gate({"smoke": DIES}, "--environment", "here", deployments=_here(url, control))
    assert (result.decision, result.exit_code) == ("rollback", 20), result.output
    assert result.statuses()["test_after"] == "bad"


def test_when_the_control_address_dies_too_nothing_counts(run_gate: RunGate) -> None:
    with _dying() as url:  # one server is both: what cuts off one cuts off the other
        result = run_gate({"smoke": DIES}, "--environment", "here", deployments=_here(url, control=url))
    assert (result.decision, result.exit_code) == ("invalid", 30), result.output
    assert "the runner's own network failed during the run" in result.output


def _here(url: str, control: str) -> str:
    return f"""
version: 1
platforms:
  velocity:
    environments:
      here: {{base_url: "{url}", control: "{control}"}}
"""


@contextlib.contextmanager
def _dying() -> Iterator[str]:
    """A server that closes its port just before it answers a request for /last."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/last":
                self.server.shutdown()
                self.server.server_close()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Site) as url:
        yield url
