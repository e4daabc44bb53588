"""The history: what it keeps, who may write at a time, what it says, and that it never holds anybody up."""

import json
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from postflight.commands import remember
from postflight.commands.ending import end_with_verdict
from postflight.commands.history import history, sparkline
from postflight.history import Entry, History, HistoryUnavailable, Series, database, summarise
from postflight.history.analysis import WEEK, compare_with_week_before, count_deployments
from postflight.model import Decision, Finding, Measurement, Status, Unit, Verdict
from postflight.report.document import About, Document, make_document
from postflight.stats.floor import rate_interval
from tests.conftest import ROOT

NOW = 1_790_000_000.0
PROMOTE, HOLD, ROLLBACK, INVALID = Decision.PROMOTE, Decision.HOLD, Decision.ROLLBACK, Decision.INVALID


def entry(name: str = "r1", decision: Decision = PROMOTE, **changes: object) -> Entry:
    made = Entry(name, "gate", "velocity", "staging", "http://x", True, NOW - 60, NOW, decision, decision.exit_code)
    return replace(made, **changes)


def series(value: float, metric: str = "edit.sync", **changes: object) -> Series:
    return replace(Series(metric, Unit.SECONDS, 1, value, value, value), **changes)


def document(*measurements: Measurement, decision: Decision = HOLD, reason: str = "slow") -> Document:
    about = About(
        "r1", "velocity", "staging", "http://x", True, "2026-11-20T10:00:00+00:00", "2026-11-20T10:01:00.500+00:00",
        "0.1", "postflight gate",
    )  # fmt: skip
    found = Finding("smoke/test_it.py::test_x", "smoke", Status.BAD, summary=reason, measurements=measurements)
    made = make_document(about, Verdict(decision, (), (found,), 1))
    from postflight.model import Reason

    return replace(made, verdict=replace(made.verdict, reasons=(Reason(decision, found.check, reason),)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.sqlite3"


def kept(file: Path, **only: object) -> list[Entry]:
    with History.at(file, create=False) as opened:
        return opened.runs(**only)


def keep(file: Path, *entries: Entry) -> None:
    with History.at(file) as opened:
        for each in entries:
            opened.add(each)


# ---- what is kept


def test_a_run_is_kept_with_who_what_when_and_what_was_decided_measured_and_done() -> None:
    doc = document(
        Measurement("edit.sync", (0.5, 2.5), Unit.SECONDS, limit="at most 2 s", met=False),
        Measurement("edit.sync", (1.0,), Unit.SECONDS),
        Measurement("page.size", (9.0,), Unit.BYTES),
    )
    environ = {
        "GITHUB_ACTOR": "octocat", "POSTFLIGHT_RELEASE": "v7", "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "17",
    }  # fmt: skip
    assert summarise(doc, "gate", environ=environ, by="root", acted="vercel: accepted") == Entry(
        "r1", "gate", "velocity", "staging", "http://x", True, 1_795_168_800.0 - 0.0, 1_795_168_860.5, HOLD, 10,
        release="v7", reason="slow", by="octocat", link="https://github.com/o/r/actions/runs/17",
        acted="vercel: accepted", postflight="0.1",
        measured=(
            Series("edit.sync", Unit.SECONDS, 3, 0.5, 1.0, 2.5, "at most 2 s", met=False),
            Series("page.size", Unit.BYTES, 1, 9.0, 9.0, 9.0),
        ),
    )  # fmt: skip


def test_texts_are_one_line_and_bounded() -> None:
    found = summarise(document(reason="a\nb" + "x" * 1000), "gate", environ={})
    assert found.reason.startswith("a b")
    assert len(found.reason) == 400


def test_what_goes_in_comes_out(file: Path) -> None:
    measured = (series(1.5, limit="at most 2 s", met=True), series(3.0, "a.b", unit=Unit.COUNT, met=None))
    runs = [
        entry("b", ROLLBACK, finished=NOW + 1, reason='it\'s "bad"; drop table runs', measured=measured),
        entry("a", known=False, platform="generic", finished=NOW + 2),
    ]
    keep(file, *runs)
    assert kept(file) == [replace(runs[0], measured=tuple(sorted(measured, key=lambda s: s.metric))), runs[1]]
    assert [each.run_id for each in kept(file, since=NOW + 1.5)] == ["a"]
    assert [each.run_id for each in kept(file, platform="velocity")] == ["b"]
    assert kept(file, environment="nowhere") == []


def test_a_run_is_written_once_and_never_changed(file: Path) -> None:
    keep(file, entry(measured=(series(1),)), entry(decision=ROLLBACK, measured=(series(2),)))
    (found,) = kept(file)
    assert (found.decision, found.measured) == (PROMOTE, (series(1),))


def test_the_file_is_bounded_and_the_oldest_go(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "KEPT", 3)
    keep(file, *(entry(f"r{n}", finished=NOW + n, measured=(series(n),)) for n in range(6)))
    assert [each.run_id for each in kept(file)] == ["r3", "r4", "r5"]
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from measurements").fetchone() == (3,)


WRITER = """
import sys
from pathlib import Path
from tests.unit.test_history import entry, keep, series
for number in range(25):
    keep(Path(sys.argv[1]), entry(f"{sys.argv[2]}-{number}", measured=(series(number),)))
"""


def test_many_processes_make_and_write_one_file_at_a_time(file: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(number)], cwd=ROOT, stderr=subprocess.PIPE)
        for number in range(4)
    ]
    assert [writer.communicate(timeout=120)[1] for writer in writers] == [b""] * 4
    found = kept(file)
    assert len({each.run_id for each in found}) == 100
    assert all(len(each.measured) == 1 for each in found)


# ---- files that are not what they should be


def test_a_file_of_a_later_version_is_left_alone(file: Path) -> None:
    keep(file, entry())
    with sqlite3.connect(file) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(HistoryUnavailable, match="is of version 99, and this Postflight knows 2"):
        keep(file, entry("r2"))
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (1,)


def test_an_older_file_is_brought_forward(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(file, entry())
    monkeypatch.setattr(
        database, "_STEPS", (*database._STEPS, "create table later (x) strict; alter table runs drop column link")
    )
    with pytest.raises(HistoryUnavailable):  # the second step fails: `x` has no type, so nothing of it was done
        kept(file)
    monkeypatch.setattr(database, "_STEPS", (*database._STEPS[:1], "create table later (x text) strict;"))
    assert len(kept(file)) == 1
    with sqlite3.connect(file) as connection:
        assert connection.execute("pragma user_version").fetchone() == (2,)


@pytest.mark.parametrize("content", [b"this is no database at all, only text" * 100, b"\0" * 5000])
def test_a_file_that_is_no_database(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(HistoryUnavailable, match="cannot be used"):
        keep(file, entry())
    assert file.read_bytes() == content


def test_a_missing_file_is_not_made_by_looking(file: Path) -> None:
    with pytest.raises(HistoryUnavailable, match="there is no history at"):
        kept(file)
    assert not file.parent.exists()


# ---- the end of a command


@click.command()
@remember.history_option
@click.option("--acts", is_flag=True)
def deciding(*, acts: bool) -> None:
    if acts:
        remember.note_act("vercel velocity: accepted")
        remember.note_act("verified")
    end_with_verdict("gate", Console(width=200), lambda: document(decision=ROLLBACK))


def test_a_command_that_decides_puts_its_run_into_the_history(file: Path) -> None:
    done = CliRunner().invoke(deciding, ["--history", str(file), "--acts"])
    assert done.exit_code == 20, done.output
    (found,) = kept(file)
    assert (found.run_id, found.command, found.decision) == ("r1", "gate", ROLLBACK)
    assert found.acted == "vercel velocity: accepted; verified"
    assert found.by


def test_the_history_can_be_switched_off(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parents[1])
    assert CliRunner().invoke(deciding, ["--history", "off"]).exit_code == 20
    assert CliRunner().invoke(deciding, env={remember.VARIABLE: "off"}).exit_code == 20
    assert not list(file.parents[1].iterdir())
    assert CliRunner().invoke(deciding, env={remember.VARIABLE: None}).exit_code == 20
    assert (file.parents[1] / remember.FILE).is_file()


BROKEN = {
    "the folder is a file": lambda path, _: path.parent.write_text(""),
    "the file is a folder": lambda path, _: path.mkdir(parents=True),
    "the file is no database": lambda path, _: (path.parent.mkdir(), path.write_text("x" * 5000)),
    "a defect of ours": lambda _, patch: patch.setattr(remember, "summarise", lambda *_, **__: 1 / 0),
    "Ctrl-C": lambda _, patch: patch.setattr(
        remember, "summarise", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
    ),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_a_history_that_cannot_be_written_is_a_warning_and_the_verdict_stands(
    file: Path, monkeypatch: pytest.MonkeyPatch, breaks
) -> None:
    breaks(file, monkeypatch)
    done = CliRunner().invoke(deciding, ["--history", str(file)])
    assert done.exit_code == 20
    assert "warning: this run is not in the history" in done.output


def test_what_is_far_from_the_week_before_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doc = document(Measurement("usage.projects", (3.0,), Unit.COUNT), decision=PROMOTE)
    ended = summarise(doc, "gate", environ={}).finished
    monkeypatch.setattr(time, "time", lambda: ended + 1)
    counts = [Series("usage.projects", Unit.COUNT, 1, 10, 10, 10)]
    keep(file, *(entry(f"b{n}", finished=ended - 3600 * (n + 1), measured=tuple(counts)) for n in range(6)))

    @click.command()
    @remember.history_option
    def gate() -> None:
        end_with_verdict("gate", Console(width=200), lambda: doc)

    done = CliRunner().invoke(gate, ["--history", str(file)])
    assert done.exit_code == 0  # told, and never decided by
    assert "notice: usage.projects is 3, 70 % below the average of the week before (10, 6 runs)" in done.output


# ---- what it says


@pytest.mark.parametrize(
    ("runs", "counted"),
    [
        ([], (0, 0, 0, 0)),
        ([("", PROMOTE), ("", PROMOTE), ("", ROLLBACK), ("", HOLD), ("", INVALID)], (2, 1, 1, 1)),
        ([("v1", HOLD), ("v1", INVALID), ("v1", PROMOTE)], (1, 0, 0, 1)),  # one deployment, which succeeded in the end
        ([("v1", PROMOTE), ("v1", HOLD)], (0, 0, 1, 0)),
        ([("v1", PROMOTE), ("v1", ROLLBACK), ("v1", PROMOTE)], (0, 1, 0, 0)),  # the watch found it, the gate had not
        ([("v1", PROMOTE), ("v2", ROLLBACK)], (1, 1, 0, 0)),
        ([("v1", INVALID)], (0, 0, 0, 1)),
    ],
)
def test_deployments_are_counted_by_their_ends(
    runs: list[tuple[str, Decision]], counted: tuple[int, int, int, int]
) -> None:
    entries = [entry(f"r{n}", end, release=name, finished=NOW + n) for n, (name, end) in enumerate(runs)]
    strangers = [entry("load", ROLLBACK, command="load"), entry("site", HOLD, known=False)]
    found = count_deployments([*reversed(entries), *strangers])
    assert (found.promoted, found.rolled_back, found.on_hold, found.invalid_runs) == counted


def test_a_release_is_deployed_to_each_environment_by_itself() -> None:
    entries = [entry("a", ROLLBACK, release="v1"), entry("b", release="v1", environment="production")]
    assert count_deployments(entries).total == 2


@pytest.mark.parametrize(
    ("failures", "requests", "low", "high"),
    [(0, 10, 0, 0.3085), (1, 10, 0.0025, 0.4450), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1), (0, 0, 0, 1)],
)
def test_the_interval_is_clopper_pearsons(failures: int, requests: int, low: float, high: float) -> None:
    assert rate_interval(requests, failures, 0.95) == pytest.approx((low, high), abs=1e-4)


def test_a_claim_of_98_percent_needs_183_deployments() -> None:
    few = count_deployments([entry(f"r{n}") for n in range(20)])
    assert (few.claim(0.98, 0.95).proof, few.claim(0.98, 0.95).more_needed) == ("unknown", 163)
    assert count_deployments([entry(f"r{n}") for n in range(183)]).claim(0.98, 0.95).proof == "shown"
    assert count_deployments([entry(f"r{n}", ROLLBACK) for n in range(9)]).claim(0.98, 0.95).proof == "refuted"


def test_a_run_is_compared_with_the_week_before_it_and_nothing_else() -> None:
    last = entry("now", measured=(series(3), series(1, "only.now")))
    others = [
        entry("same", finished=NOW - 5, measured=(series(1),)),
        entry("edge", finished=NOW - WEEK, measured=(series(3),)),
        entry("older", finished=NOW - WEEK - 1, measured=(series(100),)),
        entry("later", finished=NOW + 1, measured=(series(100),)),
        entry("watch", command="watch", measured=(series(100),)),
        entry("production", environment="production", measured=(series(100),)),
        entry("unit", measured=(series(100, unit=Unit.COUNT),)),
    ]
    (change,) = compare_with_week_before(last, [*others, last])
    assert (change.metric, change.now, change.average, change.runs, change.ratio) == ("edit.sync", 3, 2, 2, 0.5)
    assert not change.is_large(0.5)  # two runs are no average
    assert replace(change, runs=5).is_large(0.5)
    assert not replace(change, runs=5).is_large(0.51)
    assert replace(change, runs=5, now=0.0).is_large(0.9)
    assert replace(change, runs=5, average=0.0).is_large(9)  # from nothing to something
    assert str(replace(change, average=0.0)) == "edit.sync is 3 s, where there was none in the week before (2 runs)"


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
    assert output.startswith("edit.sync  ▁█\n")
    assert "edit.sync is 4 s, 300 % above the average of the week before (1 s, 1 run)" in output
    done = CliRunner().invoke(history, ["--history", str(some), "--since", "2026-01-01", "--metric", "edit.snyc"])
    assert (done.exit_code, done.output) == (1, "Error: no run measured 'edit.snyc'; measured were: edit.sync\n")


def test_json_tells_all_of_it(some: Path) -> None:
    told = json.loads(shown(some, "--json"))
    assert told["deployments"]["success"] == 0.5
    assert [run["decision"] for run in told["runs"]] == ["promote", "rollback", "invalid"]
    assert told["runs"][1]["measured"][0] == {
        "metric": "edit.sync", "unit": "s", "samples": 1, "least": 4.0, "median": 4.0, "worst": 4.0,
        "limit": "at most 2 s", "met": False,
    }  # fmt: skip
    empty = json.loads(shown(some, "--json", "--platform", "nobody"))
    assert (empty["runs"], empty["deployments"]["success"]) == ([], None)


def test_without_a_history_it_says_where_one_comes_from(file: Path) -> None:
    done = CliRunner().invoke(history, ["--history", str(file)])
    assert done.exit_code == 1
    assert "the gate and the watch write it at their end" in done.output


@pytest.mark.parametrize(("text", "message"), [("soon", "write 30d, 12h or 2026-11-01"), ("7", "write 30d")])
def test_a_time_that_is_none(file: Path, text: str, message: str) -> None:
    done = CliRunner().invoke(history, ["--since", text])
    assert (done.exit_code, message in done.output) == (2, True)


def test_sparklines() -> None:
    assert sparkline([1, 1, 1]) == "▁▁▁"
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"


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
