"""The watch on the reference platform, in short blocks: what is planted mid-watch, and what is decided."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from postflight.model import Secret
from postflight.redact import Redactor
from postflight.reference_process import reference_platform
from postflight.signals.clock import SystemClock
from postflight.signals.error_table import ErrorTable
from postflight.signals.reading import Missing, Span
from tests.conftest import ROOT
from tests.e2e.conftest import POSTFLIGHT
from tests.e2e.front import Front, front
from tests.e2e.prometheus import Server, needs_prometheus, prometheus

DEADLINE = 90.0  # seconds; bounds a hang, measures nothing
TRIGGERS = """
version: 1
platforms:
  velocity:
    triggers:
      error_rate: {above: 5 %, within: 5 min, do: immediate_rollback}
      response_time: {p95: 5 s, within: 10 min, do: staged_rollback}
      health: {failures: 100 in a row, do: failover}
      active_previews: {at_least: 20 sessions, for: 2 s, do: hold}
      logged_errors: {at_least: 1000 /s, for: 2 s, do: hold}
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with reference_platform() as line:
        yield json.loads(line)


@pytest.fixture
def shop(ready: dict[str, Any]) -> Iterator[Front]:
    with front(ready["web"]) as found:
        yield found


@dataclass
class Watching:
    """A watch that runs, seen through its `--json-lines`."""

    process: subprocess.Popen[str]
    reports: Path
    lines: list[dict[str, Any]]

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        if not text:
            assert self.process.stderr is not None
            raise AssertionError(f"the watch ended:\n{self.process.stderr.read()}")
        found: dict[str, Any] = json.loads(text)
        self.lines.append(found)
        return found

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not wanted(found := self.line()):
            pass
        return found

    def blocks(self, number: int) -> None:
        self.until(lambda line: line["kind"] == "block" and line["record"]["number"] == number)

    def verdict(self) -> str:
        decision = str(self.until(lambda line: line["kind"] == "verdict")["decision"])
        code = self.process.wait(DEADLINE)
        document = json.loads((self.reports / "verdict.json").read_text())
        assert (document["verdict"]["decision"], document["exit_code"]) == (decision, code)
        return decision

    @property
    def reasons(self) -> str:
        return " | ".join(self.lines[-1]["reasons"])

    @property
    def bad_blocks(self) -> int:
        found = [
            line["record"]["seen"]["counted"]["error_rate.probes"] for line in self.lines if line["kind"] == "block"
        ]
        return sum(bool(each.get("bad")) for each in found)


Watch = Callable[..., contextlib.AbstractContextManager[Watching]]


@pytest.fixture
def watch(tmp_path: Path, ready: dict[str, Any]) -> Watch:
    """`with watch(url, "--for", "60s") as watching:` a watch of a known environment at that address."""

    @contextlib.contextmanager
    def run(url: str, *arguments: str) -> Iterator[Watching]:
        environment = (
            f"{{base_url: '{url}', services: {{web: {{health: /api/health}}}}, secrets: {{database_url: DATABASE}}}}"
        )
        (tmp_path / "deployments.yaml").write_text(
            f"version: 1\nplatforms:\n  velocity:\n    environments:\n      here: {environment}\n"
        )
        (tmp_path / "budgets.yaml").write_text(TRIGGERS)
        reports = tmp_path / "reports"
        own = ["--environment", "here", "--every", "200ms", "--block", "1s", "--json-lines", "--ledger", "ledger.jsonl"]
        process = subprocess.Popen(
            [*POSTFLIGHT, "watch", *own, "--reports", str(reports), *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "DATABASE": ready["database"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Watching(process, reports, [])
        finally:
            process.kill()
            process.communicate(timeout=DEADLINE)

    return run


def replayed(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*POSTFLIGHT, "replay", str(folder / "ledger.jsonl")],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_all_requests_bad_in_mid_watch_is_a_rollback_that_can_be_replayed(
    watch: Watch, shop: Front, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with watch(shop.url, "--for", "60s") as watching:
        watching.blocks(3)
        shop.fail()
        planted = time.monotonic()
        watching.until(lambda line: line["kind"] == "call")
        record_property("seconds until decided", round(time.monotonic() - planted, 2))
        assert watching.verdict() == "rollback"
        assert watching.bad_blocks <= 4, "four blocks of 1 s: decided within 5 s"
        assert "asks for immediate_rollback" in watching.reasons
    again = replayed(tmp_path)
    assert again.returncode == 20
    assert "ROLLBACK  reproduced to the last digit" in again.stdout


def test_a_service_that_is_gone_is_a_rollback(watch: Watch, shop: Front) -> None:
    with watch(shop.url, "--for", "60s") as watching:
        watching.blocks(2)
        shop.go()
        assert watching.verdict() == "rollback"
        assert any("refuses connections" in note for note in watching.lines[-3]["record"]["seen"]["notes"])


def test_an_outage_that_the_previous_deployment_shares_is_a_hold(
    watch: Watch, shop: Front, ready: dict[str, Any]
) -> None:
    with front(ready["web"]) as before, watch(shop.url, "--for", "8s", "--control-url", before.url) as watching:
        watching.blocks(3)
        shop.fail()
        before.fail()
        assert watching.verdict() == "hold"
        assert "but the previous deployment breaks too" in watching.reasons


def test_a_cancelled_watch_ends_with_what_its_evidence_allows(watch: Watch, shop: Front, tmp_path: Path) -> None:
    with watch(shop.url, "--for", "60s") as watching:
        watching.blocks(2)
        watching.process.send_signal(signal.SIGTERM)
        assert watching.verdict() == "hold"
        assert "too little before the planned end" in watching.reasons
    assert "HOLD  reproduced to the last digit" in replayed(tmp_path).stdout


class TestErrorTable:
    def rate(self, url: str, table: str, wall: float = 0.0) -> float | Missing:
        class Clock(SystemClock):
            def wall(self) -> float:
                return super().wall() + wall

        source = ErrorTable(Secret("DATABASE", url), table, clock=Clock(), redactor=Redactor([Secret("DATABASE", url)]))
        return asyncio.run(source.read(Span(1, -10.0, 0.0))).gauges["logged_errors"]

    def test_errors_per_second(self, ready: dict[str, Any]) -> None:
        for severity in ("error", "critical", "info"):
            report = {"severity": severity, "code": "planted", "message": "planted"}
            assert httpx.post(f"{ready['web']}/api/errors", json=report).status_code == 202
        found = self.rate(ready["database"], "error_log")
        assert isinstance(found, float)
        assert found == pytest.approx(0.2)
        assert self.rate(ready["database"], "public.error_log") == found

    def test_clocks_that_disagree(self, ready: dict[str, Any]) -> None:
        found = self.rate(ready["database"], "error_log", wall=60.0)
        assert isinstance(found, Missing)
        assert "60.0 s apart" in found.reason

    def test_a_table_that_is_not_there(self, ready: dict[str, Any]) -> None:
        found = self.rate(ready["database"], "no_such_table")
        assert isinstance(found, Missing)
        assert 'relation "no_such_table" does not exist' in found.reason

    def test_a_database_that_is_gone_is_missing_and_its_address_stays_secret(self) -> None:
        url = "postgresql://someone:pa55word-of-nobody@127.0.0.1:1/velocity"
        found = self.rate(url, "error_log")
        assert isinstance(found, Missing)
        assert "refused" in found.reason
        assert "pa55word" not in found.reason


@needs_prometheus
class TestPrometheus:
    @pytest.fixture
    def server(self, ready: dict[str, Any], tmp_path: Path) -> Iterator[Server]:
        scraped = [urlsplit(ready[name]).netloc for name in ("web", "orchestrator")]
        with prometheus(tmp_path / "prometheus", *scraped) as server:
            server.wait_for(f'http_requests_total{{instance="{scraped[0]}"}}')
            server.wait_for("active_preview_sessions")
            yield server

    def test_a_healthy_deployment_is_promoted_on_all_signals(
        self, watch: Watch, ready: dict[str, Any], server: Server
    ) -> None:
        web = urlsplit(ready["web"]).netloc
        options = ["--for", "12s", "--block", "2s", "--prometheus", server.url, "--error-table", "error_log"]
        with watch(ready["web"], *options, "--every", "100ms", "--control-url", ready["web"]) as watching:
            assert watching.verdict() == "promote", watching.lines[-1]
            header, *rest = watching.lines
            assert header["sources"] == ["probes", "prometheus", "error_table"]
            counted = [line["record"]["seen"]["counted"] for line in rest if line["kind"] == "block"]
            assert sum(each["error_rate.prometheus"].get("requests", 0) for each in counted) > 100
            assert sum(each["response_time.prometheus"].get("requests", 0) for each in counted) > 100
            gauges = [line["record"]["seen"]["gauges"] for line in rest if line["kind"] == "block"]
            assert {"active_previews": 0.0, "logged_errors": 0.0} in gauges
            assert web in ready["web"]

    def test_signals_that_are_cut_are_a_hold(self, watch: Watch, ready: dict[str, Any], server: Server) -> None:
        options = ["--for", "10s", "--block", "2s", "--every", "100ms", "--prometheus", server.url]
        with watch(ready["web"], *options) as watching:
            watching.blocks(2)
            server.stop()
            assert watching.verdict() == "hold"
            assert "the signal stopped: nothing in the last" in watching.reasons
            assert "refuses connections" in watching.reasons
