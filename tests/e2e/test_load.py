"""`postflight load` against a tiny site: what it finds, what it leaves behind, and what it does when processes die."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from tests.conftest import ROOT, run_process
from tests.e2e.loading import (
    HERE,
    THERE,
    Files,
    Site,
    fetch,
    kill,
    load,
    loading,
    locusts,
    namespaces,
    serving,
    until,
    web_ui,
    write_files,
)

LIMITS = """{
  landing.latency.p95: {at_most: 400 ms, on_breach: rollback}, landing.errors: {at_most: 2 %, on_breach: rollback},
  landing.rate: {at_least: 90 %, on_breach: hold}}"""
SHORT = """{profiles: {landing: {rate: 80 /s, connections: 40 connections, arrivals: even}},
  generator_lag: 5 s,
  shapes: {smoke: {warm_up: 1 s, stages: [{for: 3 s, at: 100 %}]}}}"""
STEPS = SHORT.replace(
    "warm_up: 1 s, stages: [{for: 3 s, at: 100 %}]", "steps: {from: 50 %, by: 50 %, up_to: 100 %, each: 2 s}"
)
LONG = SHORT.replace("for: 3 s", "for: 5 min")


def files_of(folder: Path, site: Site, *, budgets: str = LIMITS, load: str = SHORT) -> Files:
    return write_files(folder, site.port, budgets=budgets, load=load)


def test_a_healthy_site(tmp_path: Path) -> None:
    """Promote, and what a run leaves behind: numbers, an HDR log that HdrHistogram reads, a chart, Locust's HTML."""
    with serving(Site()) as site:
        files = files_of(tmp_path, site)
        done = load(files)
    assert (done.exit_code, done.decision) == (0, "promote"), done.output
    result = json.loads((files.reports / "result.json").read_text())["profiles"]["landing"]
    assert (
        result["flows"]["ok"] == result["flows"]["due"] == result["requests"]["ended"] == 160
    )  # 2 s after the warm-up
    reader = HistogramLogReader(str(files.reports / "landing.hlog"), HdrHistogram(1, 3_600_000_000, 3))
    assert reader.get_next_interval_histogram().get_total_count() == 160
    reader.close()
    assert (files.reports / "landing.svg").read_text().startswith("<svg")
    assert "Locust" in (files.reports / "locust.html").read_text()
    assert locusts(files) == []


def test_a_worker_that_breaks_is_never_taken_for_done(tmp_path: Path) -> None:
    """What is not our own error is no verdict either: invalid, with its words."""
    (tmp_path / "breaking.py").write_text(
        "class Adapter:\n"
        "    name = 'tiny'\n"
        "    def load_profiles(self):\n"
        "        return {'landing': lambda party: Breaking()}\n\n"
        "class Breaking:\n"
        "    def prepare(self):\n"
        "        raise ValueError('planted')\n"
        "    def arrive(self, number):\n"
        "        yield from ()\n"
        "    conclude = lambda self: self.arrive(0)\n"
    )
    with serving(Site()) as site:
        files = files_of(tmp_path, site)
        written = (tmp_path / "deployments.yaml").read_text()
        (tmp_path / "deployments.yaml").write_text(
            written.replace("  tiny:\n", "  tiny:\n    adapter: breaking:Adapter\n")
        )
        done = load(files, env={"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), str(tmp_path)])})
    assert (done.exit_code, done.decision) == (30, "invalid"), done.output
    assert "it broke: ValueError: planted" in done.output
    assert (site.asked, locusts(files)) == (1, []), done.output  # the preflight alone


def test_a_site_that_becomes_slow(tmp_path: Path) -> None:
    """Bad windows in a row end a run of five minutes early; Locust itself would have gone on."""

    def answer(number: int) -> int:
        time.sleep(0.6 if number > 100 else 0)
        return 200

    with serving(Site(answer)) as site:
        files = files_of(tmp_path, site, load=LONG)
        done = load(files)
    assert (done.exit_code, done.decision) == (20, "rollback"), done.output
    assert "landing.latency.p95" in done.verdict["reasons"][0]["text"]
    result = json.loads((files.reports / "result.json").read_text())["profiles"]["landing"]
    assert result["end"] == "broken"


def test_a_killed_worker(tmp_path: Path) -> None:
    """Half of the load is gone, and the rest is good: that is no promotion. The other worker plays to its end."""
    with serving(Site()) as site:
        files = files_of(tmp_path, site, load=SHORT.replace("for: 3 s", "for: 9 s"))
        with loading(files, "--workers=2") as process:
            until(lambda: site.asked > 100, "load of both workers")
            kill(locusts(files, worker=True)[0])
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 30, output
    verdict = json.loads((files.reports / "verdict.json").read_text())["verdict"]
    assert "1 of 2 workers did not take part to the end" in verdict["reasons"][0]["text"]
    workers = json.loads((files.reports / "result.json").read_text())["profiles"]["landing"]["workers"]
    assert sorted(worker["done"] for worker in workers) == [False, True]
    assert max(worker["started"] for worker in workers) == 360  # its half of 80/s for 9 s
    assert locusts(files) == []


def test_the_stage_refuses_a_shape_that_goes_up_until_a_limit_breaks(tmp_path: Path) -> None:
    with serving(Site(answer=lambda number: 200 if number < 50 else 503)) as site:
        files = files_of(tmp_path, site, load=STEPS)
        command = [sys.executable, "-m", "pytest", "load", "-m", "load", "-k", "test_landing", "-p", "no:cacheprovider"]
        result = run_process(*command, *files.arguments(), reports=files.reports)
    assert result.decision == "invalid", result.output
    assert "goes up until a limit breaks" in result.finding("test_landing")["summary"]
    assert site.asked < 50


def test_an_interrupted_run(tmp_path: Path) -> None:
    """Ctrl-C decides nothing, and leaves no process."""
    with serving(Site()) as site:
        files = files_of(tmp_path, site, load=LONG)
        with loading(files) as process:
            until(lambda: site.asked > 50, "load")
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 30, output
    assert locusts(files) == []


@pytest.fixture
def prove(pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--prove"):
        pytest.skip("a longer one: runs with --prove (make prove)")


@pytest.mark.usefixtures("prove")
class TestProof:
    """The rest of what can go wrong: slow together, so behind --prove."""

    def test_errors_end_as_a_storm(self, tmp_path: Path) -> None:
        with serving(Site(lambda number: 503 if number > 30 else 200)) as site:
            done = load(files_of(tmp_path, site, budgets=LIMITS, load=LONG))
        assert (done.exit_code, done.decision) == (20, "rollback"), done.output
        assert "landing.errors" in done.output

    def test_a_stall_is_seen_by_its_visitors(self, tmp_path: Path) -> None:
        """One second without answers: a closed model would count one slow request for each connection."""
        began = time.monotonic()
        stalled = []

        def answer(number: int) -> int:
            if number >= 120:
                stalled.append(number)
                began_at = stalled and getattr(answer, "until", None)
                if began_at is None:
                    answer.until = time.monotonic() + 1.0  # type: ignore[attr-defined]
                time.sleep(max(0.0, answer.until - time.monotonic()))  # type: ignore[attr-defined]
            return 200

        with serving(Site(answer)) as site:
            files = files_of(tmp_path, site, load=SHORT.replace("for: 3 s", "for: 6 s"))
            done = load(files)
        assert began < time.monotonic()
        assert done.decision == "rollback", done.output
        latency = json.loads((files.reports / "result.json").read_text())["profiles"]["landing"]["latency"]
        # 80 of 400 judged requests were due in the stalled second: the median of those waited half of it
        assert 0.35 < latency["p90"] < 0.75
        assert 0.8 < latency["max"] < 1.3

    def test_nothing_was_due(self, tmp_path: Path) -> None:
        nothing = SHORT.replace("80 /s", "0.01 /s")
        with serving(Site()) as site:
            done = load(files_of(tmp_path, site, load=nothing))
        assert (done.exit_code, done.decision) == (30, "invalid"), done.output
        assert "nothing was measured" in done.verdict["reasons"][0]["text"]

    def test_held_connections_are_the_targets_fault(self, tmp_path: Path) -> None:
        def answer(_: int) -> int:
            time.sleep(0.2)
            return 200

        few = SHORT.replace("40 connections", "2 connections")
        with serving(Site(answer)) as site:
            only_rate = "{landing.rate: {at_least: 90 %, on_breach: hold}}"
            done = load(files_of(tmp_path, site, budgets=only_rate, load=few))
        assert (done.exit_code, done.decision) == (10, "hold"), done.output
        assert "the target held all 2 connections" in done.verdict["reasons"][0]["text"]

    def test_a_slow_generator_is_not_a_slow_site(self, tmp_path: Path) -> None:
        """Stopped for a while, as on a machine that does too much: its requests are late, and nobody else's fault."""
        with serving(Site()) as site:
            strict = SHORT.replace("for: 3 s", "for: 8 s").replace("lag: 5 s", "lag: 1 s")
            files = files_of(tmp_path, site, load=strict)
            with loading(files) as process:
                until(lambda: site.asked > 120, "load")
                (generator,) = locusts(files)
                kill(generator, signal.SIGSTOP)
                time.sleep(2)  # the fault itself
                kill(generator, signal.SIGCONT)
                output, _ = process.communicate(timeout=60)
        assert process.returncode == 30, output
        verdict = json.loads((files.reports / "verdict.json").read_text())["verdict"]
        assert "its process stood still" in verdict["reasons"][0]["text"]

    def test_a_killed_master(self, tmp_path: Path) -> None:
        with serving(Site()) as site:
            files = files_of(tmp_path, site, load=LONG)
            with loading(files, "--workers=2") as process:
                until(lambda: site.asked > 100, "load of both workers")
                (master,) = set(locusts(files)) - set(locusts(files, worker=True))
                kill(master)
                output, _ = process.communicate(timeout=60)
        assert process.returncode == 30, output
        assert "ended without a verdict" in " ".join(output.split())
        assert locusts(files) == []

    def test_whoever_started_it_is_killed(self, tmp_path: Path) -> None:
        with serving(Site()) as site:
            files = files_of(tmp_path, site, load=LONG)
            with loading(files, "--workers=2") as process:
                until(lambda: site.asked > 100, "load of both workers")
                process.kill()
                process.wait(timeout=60)
                until(lambda: locusts(files) == [], "Locust ends")

    def test_an_ordinary_user_joins(self, tmp_path: Path) -> None:
        """A FastHttpUser in the same run: Locust's statistics hold both."""
        with serving(Site()) as site:
            files = files_of(tmp_path, site)
            (tmp_path / "load").mkdir()
            (tmp_path / "load" / "locustfile.py").write_text(
                "from locust import FastHttpUser, constant_pacing, task\n"
                "from postflight.load.swarm.locustfile import CLASSES\n\nglobals().update(CLASSES)\n\n\n"
                "class Visitor(FastHttpUser):\n    wait_time = constant_pacing(0.1)\n\n    @task\n"
                "    def about(self):\n        self.client.get('/about')\n"
            )
            import sys

            from tests.conftest import run_process

            command = [sys.executable, "-m", "locust", "-f", "load/locustfile.py", "--headless", "Landing", "Visitor"]
            done = run_process(
                *command, "--users=2", "--only-summary", *files.arguments(), "--csv=both", reports=files.reports,
                cwd=tmp_path, env={"POSTFLIGHT_BUDGETS": f"{tmp_path}/budgets.yaml"},
            )  # fmt: skip
        rows = (tmp_path / "both_stats.csv").read_text()
        assert done.decision == "promote", done.output
        assert ",/about," in rows
        assert "GET,/,240" in rows


@pytest.mark.usefixtures("prove")
def test_workers_on_other_hosts(tmp_path: Path) -> None:
    """Master and site on one host, a worker on another: two network namespaces with a cable between them."""
    with namespaces() as other, serving(Site(), host="0.0.0.0") as site:
        files = write_files(tmp_path, site.port, budgets=LIMITS, load=SHORT, host=HERE)
        distribution = ["--master", "--workers=1", "--expect-workers=1", f"--bind={HERE}", "--master-port=25557"]
        with (
            loading(files, *distribution) as master,
            loading(files, "--worker", f"--master-host={HERE}", "--master-port=25557", inside=other) as worker,
        ):
            output, _ = master.communicate(timeout=60)
            worker.communicate(timeout=60)
    assert (master.returncode, worker.returncode) == (0, 0), output
    result = json.loads((files.reports / "result.json").read_text())["profiles"]["landing"]
    assert [worker["started"] for worker in result["workers"]] == [120, 120]  # each its half of 80/s for 3 s
    assert site.askers == {HERE, THERE}


@pytest.mark.usefixtures("prove")
def test_the_page_of_the_web_ui(tmp_path: Path) -> None:
    """It shows limits and verdict, allows no script but its own, and what a target says is text there."""
    evil = b"<img src=x onerror=alert(1)>"
    with serving(Site(lambda number: 500 if number % 2 else 200, body=evil)) as site:
        files = files_of(tmp_path, site)
        with web_ui(files) as base:
            until(lambda: fetch(f"{base}/budgets") is not None, "the page")
            page = fetch(f"{base}/budgets")
            assert page is not None
            assert "nothing runs" in page.text
            assert "script-src 'nonce-" in page.headers["Content-Security-Policy"]
            form = {"user_classes": "Landing", "shape_class": "Default", "user_count": "1", "spawn_rate": "1"}
            assert httpx.post(f"{base}/swarm", data=form).json()["success"] is True
            until(lambda: "rollback</b>" in httpx.get(f"{base}/budgets/live").text, "the verdict")
            live = httpx.get(f"{base}/budgets/live").text
    assert "landing.errors" in live
    assert 'class="light red">broken' in live
    assert "<img" not in live
    assert "&lt;img" in live
