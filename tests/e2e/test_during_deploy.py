"""`watch --during-deploy` on the reference platform: each way of switching badly is told for what it is."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import POSTFLIGHT
from tests.reference.blue_green import SHORT, BlueGreen, blue_green

DEADLINE = 60.0  # seconds; bounds a hang, measures nothing
TRIGGERS = """
version: 1
platforms:
  velocity:
    triggers:
      response_time: {p95: 5 s, within: 10 min, do: staged_rollback}  # so the canary may be 0.5 s late
"""


@dataclass(frozen=True)
class Switched:
    """What was told of one switch."""

    decision: str
    account: dict[str, Any]
    requests: list[list[Any]]
    findings: dict[str, dict[str, Any]]
    output: str

    def ends(self) -> set[str]:
        return {end for _, _, end, _, _ in self.requests}


def switched(shop: BlueGreen, folder: Path, do: Callable[[], object], *arguments: str) -> Switched:
    """Watch a switch: begin it once the old release has answered."""
    web = shop.running.ready["web"]
    (folder / "deployments.yaml").write_text(
        "version: 1\nplatforms:\n  velocity:\n    environments:\n"
        f"      here: {{base_url: '{web}', services: {{web: {{health: /api/health}}}}}}\n"
    )
    (folder / "budgets.yaml").write_text(TRIGGERS)
    process = subprocess.Popen(
        [
            *POSTFLIGHT,
            "watch",
            "--during-deploy",
            "--environment",
            "here",
            "--rate",
            "20",
            "--settle",
            "1s",
            "--for",
            "40s",
            *arguments,
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    hung = threading.Timer(DEADLINE, process.kill)
    hung.start()
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "1.4.2 answers" in first, first + process.stdout.read()
        do()
        output = process.stdout.read()
        code = process.wait()
    finally:
        hung.cancel()
        process.kill()
        process.wait()
    document = json.loads((folder / "reports" / "verdict.json").read_text())
    assert document["exit_code"] == code
    lines = (folder / "reports" / "during-deploy-requests.jsonl").read_text().splitlines()
    return Switched(
        document["verdict"]["decision"],
        json.loads((folder / "reports" / "during-deploy.json").read_text()),
        [json.loads(line) for line in lines],
        {each["check"].removeprefix("during deploy: "): each for each in document["verdict"]["findings"]},
        first + output,
    )


def test_a_clean_switch_loses_nothing(tmp_path: Path) -> None:
    with blue_green() as shop:
        seen = switched(shop, tmp_path, lambda: shop.switch("promote", shop.new))
    assert seen.account["bad"] == 0
    assert len(seen.requests) == seen.account["sent"]
    assert {version for *_, version, _ in seen.requests} == {"1.4.2", "1.5.0"}
    assert seen.findings["every request"]["status"] == seen.findings["change"]["status"] == "good"
    assert seen.decision == "hold", "so few requests show no 99.9 %"
    assert "more needed" in seen.findings["availability"]["summary"]


@pytest.mark.parametrize(
    ("fault", "end", "said"),
    [
        ("switch-gap", "lost", "refuses connections"),
        ("switch-drops", "lost", "closed"),
        ("switch-502", "failed", "502"),
    ],
)
def test_requests_that_a_switch_loses_are_told_with_the_bounds_of_the_outage(
    tmp_path: Path, fault: str, end: str, said: str
) -> None:
    with blue_green("--fault", fault) as shop:
        seen = switched(shop, tmp_path, lambda: shop.switch("promote", shop.new))
    assert seen.decision == "hold"
    assert end in seen.ends()
    longest = max(seen.account["windows"], key=lambda window: window["requests"])
    assert said in longest["said"]
    assert longest["at_most"] >= SHORT, "the last good request before and the first behind enclose all of it"
    assert seen.findings["every request"]["status"] == "bad"
    assert "x" in seen.account["strip"].lower()


def test_both_versions_answer_for_a_while(tmp_path: Path) -> None:
    with blue_green("--fault", "switch-flaps", "--switch-lasts", "2") as shop:
        seen = switched(shop, tmp_path, lambda: shop.switch("promote", shop.new))
    assert seen.account["bad"] == 0
    assert seen.account["change"]["stragglers"] > 0


def test_a_release_that_is_broken_is_a_rollback(tmp_path: Path) -> None:
    with blue_green("--next-fault", "outage") as shop:
        seen = switched(shop, tmp_path, lambda: shop.switch("promote", shop.new))
    assert seen.decision == "rollback"
    assert seen.account["by_version"]["1.5.0"].keys() - {"missing"} == {"failed"}
    assert seen.account["by_version"]["1.4.2"].keys() - {"missing"} == {"good"}


def test_options_of_the_other_watch_are_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [*POSTFLIGHT, "watch", "--during-deploy", "--base-url", "http://127.0.0.1:1", "--control-url", "http://x.test"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 30
    assert "--control-url does not go with --during-deploy" in done.stdout
