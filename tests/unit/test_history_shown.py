"""What the history tells: at a prompt, and to the report."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from postflight.commands import remember
from postflight.commands.history import history
from postflight.commands.history_metric import sparkline
from postflight.history import History
from postflight.model import Unit
from tests.histories import HOLD, INVALID, NOW, ROLLBACK, document, entry, keep, series


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.sqlite3"


# ---- the command


def shown(file: Path, *options: str) -> str:
    done = CliRunner().invoke(
        history, ["--history", str(file), "--since", "2026-01-01", *options], env={"COLUMNS": "160"}
    )
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def some(file: Path) -> Path:
    keep(
        file,
        entry("a", release="v1", by="octocat", finished=NOW, measured=(series(1.0),)),
        entry("b", ROLLBACK, release="v2", finished=NOW + 1, reason="[red]slow\x1b[2J", acted="vercel: accepted",
              measured=(series(4.0, met=False, limit="at most 2 s"),)),
        entry("c", INVALID, platform="velro", release="f" * 40, finished=NOW + 2),
    )  # fmt: skip
    return file


def test_the_table_tells_who_what_when_and_why(some: Path) -> None:
    output = shown(some)
    lines = output.splitlines()
    assert next(line.split() for line in lines if "v1" in line)[2:] == [
        "velocity/staging",
        "v1",
        "octocat",
        "gate",
        "promote",
    ]
    assert "[red]slow\N{REPLACEMENT CHARACTER}[2J → vercel: accepted" in output  # no markup, no control sequence
    assert " ffffffffffff " in output
    assert "2 deployments: 1 promoted, 1 rolled back; 1 run could not tell" in output
    assert "50 % succeeded (1.3 % to 98.7 % at 95 % confidence)" in output
    assert "that 98 % succeed is unknown: 275 more without a failure would show it" in output


def test_rows_can_be_chosen(some: Path) -> None:
    assert "v1" not in shown(some, "--platform", "velro")
    assert "2 earlier runs: --last 3" in shown(some, "--last", "1")
    assert shown(some, "--environment", "nowhere") == "No run since 2026-01-01 00:00.\n"


def test_a_metric_is_shown_run_by_run(some: Path) -> None:
    output = shown(some, "--metric", "edit.sync")
    assert output.startswith("edit.sync  ▁█  velocity/staging\n")
    assert "edit.sync is 4 s, 300 % above the average of the week before (1 s, 1 run)" in output
    done = CliRunner().invoke(history, ["--history", str(some), "--since", "2026-01-01", "--metric", "edit.snyc"])
    assert (done.exit_code, done.output) == (1, "Error: no run measured 'edit.snyc'; measured were: edit.sync\n")


def test_json_tells_all_of_it(some: Path) -> None:
    told = json.loads(shown(some, "--json"))
    assert told["deployments"]["success"] == 0.5
    assert [run["decision"] for run in told["runs"]] == ["promote", "rollback", "invalid"]
    assert told["runs"][1]["measured"][0] == {
        "metric": "edit.sync", "unit": "s", "samples": 1, "least": 4.0, "median": 4.0, "worst": 4.0,
        "limit": "at most 2 s", "met": False, "kind": None,
    }  # fmt: skip
    empty = json.loads(shown(some, "--json", "--platform", "nobody"))
    assert (empty["runs"], empty["deployments"]["success"]) == ([], None)


def test_without_a_history_it_says_where_one_comes_from(file: Path) -> None:
    done = CliRunner().invoke(history, ["--history", str(file)])
    assert done.exit_code == 1
    assert "the gate and the watch write it at their end" in done.output


def test_a_time_before_all_computers_is_the_beginning(some: Path) -> None:
    assert "2 deployments" in shown(some, "--since", "999999w")
    assert shown(some, "--since", "999999w", "--platform", "nobody") == "No run since 1970-01-01 00:00.\n"


@pytest.mark.parametrize(("text", "message"), [("soon", "write 30d, 12h or 2026-11-01"), ("7", "write 30d")])
def test_a_time_that_is_none(file: Path, text: str, message: str) -> None:
    done = CliRunner().invoke(history, ["--since", text])
    assert (done.exit_code, message in done.output) == (2, True)


def test_sparklines() -> None:
    assert sparkline([1, 1, 1]) == "▁▁▁"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([1.0, 1.02, 0.99]) == "▁▂▁", "noise does not look like a change"


# ---- for report.html


def test_the_last_runs_of_one_command_and_target_come_oldest_first(file: Path) -> None:
    mine = [entry(f"r{n}", finished=NOW + n, measured=(series(float(n)),)) for n in range(5)]
    others = [
        entry("w", finished=NOW + 9, command="watch"),
        entry("p", finished=NOW + 9, environment="production"),
        entry("u", finished=NOW + 9, platform="?", environment="?", known=False, base_url="http://other"),
    ]
    keep(file, *mine, *others)
    of_gate = {"command": "gate", "platform": "velocity", "environment": "staging", "base_url": "http://moved"}
    with History.at(file) as opened:
        found = opened.latest(3, **of_gate)
        nobody = opened.latest(3, **(of_gate | {"platform": "?", "environment": "?"}))
    assert [run.run_id for run in found] == ["r2", "r3", "r4"]
    assert [run.measured[0].median for run in found] == [2.0, 3.0, 4.0]
    assert nobody == [], "an address that nobody knows has the past of that address only"


def test_a_report_is_given_the_runs_before_it(file: Path) -> None:
    keep(file, *(entry(f"r{n}", HOLD, finished=NOW + n, release="v7", measured=(series(0.5),)) for n in range(30)))
    found: list[object] = []

    @remember.history_option
    def command() -> None:
        found.extend(remember.earlier_runs("gate", document().about))

    CliRunner().invoke(click.command()(command), ["--history", str(file)], catch_exceptions=False)
    assert len(found) == 19
    assert found[-1].decision is HOLD
    assert (found[-1].release, found[-1].finished) == ("v7", "2026-09-21T14:13:49+00:00")
    assert found[-1].medians == {("edit.sync", Unit.SECONDS): 0.5}


@pytest.mark.parametrize("content", [None, b"no database", b""])
def test_a_history_that_cannot_be_read_costs_the_report_nothing(file: Path, content: bytes | None) -> None:
    found: list[object] = []
    if content is not None:
        file.parent.mkdir(parents=True)
        file.write_bytes(content)

    @remember.history_option
    def command() -> None:
        found.extend(remember.earlier_runs("gate", document().about))

    done = CliRunner().invoke(click.command()(command), ["--history", str(file)], catch_exceptions=False)
    assert (done.exit_code, found) == (0, [])
    assert content is not None or not file.exists(), "nothing is made by looking"
