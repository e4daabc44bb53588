"""The history: what it keeps, who may write at a time, what it says, and that it never holds anybody up."""

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
from postflight.history import Entry, HistoryUnavailable, Series, database, schema, summarise
from postflight.history.analysis import WEEK, compare_with_week_before, count_deployments
from postflight.model import Decision, Measurement, Unit
from postflight.stats.floor import rate_interval
from tests.conftest import ROOT
from tests.histories import HOLD, INVALID, NOW, PROMOTE, ROLLBACK, document, entry, keep, kept, series


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.sqlite3"


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
    with pytest.raises(HistoryUnavailable, match="is of version 99, and this Postflight knows 3"):
        keep(file, entry("r2"))
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (1,)


def test_an_older_file_is_brought_forward(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(file, entry())
    steps = schema.STEPS
    monkeypatch.setattr(schema, "STEPS", (*steps, "alter table runs drop column link; create table later (x) strict"))
    with pytest.raises(HistoryUnavailable):  # half of the step fails, `x` has no type: nothing of it was done
        kept(file)
    monkeypatch.setattr(schema, "STEPS", (*steps, "create table later (x text) strict;"))
    assert len(kept(file)) == 1
    with sqlite3.connect(file) as connection:
        assert connection.execute("pragma user_version").fetchone() == (len(steps) + 1,)
        assert connection.execute("select count(*) from later").fetchone() == (0,)


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
    strangers = [
        entry("load", ROLLBACK, command="load"),
        entry("site", HOLD, known=False),
        entry(
            "reference", base_url="http://127.0.0.1:4711"
        ),  # a stand-in on the runner shows nothing about deployments
    ]
    found = count_deployments([*reversed(entries), *strangers])
    assert (found.promoted, found.rolled_back, found.on_hold, found.invalid_runs) == counted


def test_a_release_is_deployed_to_each_environment_by_itself() -> None:
    entries = [entry("a", ROLLBACK, release="v1"), entry("b", release="v1", environment="production")]
    assert count_deployments(entries).total == 2


def test_an_address_that_nobody_knows_has_no_week_but_its_own() -> None:
    """All of them are of one platform and environment by name: one site is not slower than another one was."""
    strangers = [
        entry(f"r{n}", known=False, platform="generic", environment="unknown", base_url=url, measured=(series(value),))
        for n, (url, value) in enumerate([("http://a", 1), ("http://a", 1), ("http://b", 9)])
    ]
    assert compare_with_week_before(strangers[2], strangers) == ()
    (change,) = compare_with_week_before(strangers[1], strangers)
    assert (change.average, change.runs) == (1, 1)


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
    assert not replace(change, runs=5, now=0.008, average=0.005).is_large(0.5)  # 3 ms, which nobody feels
    assert not replace(change, runs=5, now=0.001, average=0.0, unit=Unit.SCORE).is_large(0.5)
    assert replace(change, runs=5, now=1.0, average=0.0, unit=Unit.COUNT).is_large(0.5)
    assert str(replace(change, average=0.0)) == "edit.sync is 3 s, where there was none in the week before (2 runs)"
