"""How weights go between the gate and its stages: old ones never pass for new ones, and trouble is no verdict."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from performance.weight.handing import read_last_release
from postflight.checks.weight.page import Kind
from postflight.checks.weight.release import FileWeight, Release, from_json, to_json
from postflight.commands.remember import history_option, note_files
from postflight.commands.weights import LAST, hand_in, take_out
from postflight.errors import NotEnoughEvidence
from postflight.history import Entry, History, HistoryUnavailable
from postflight.model import Decision, Deployment
from postflight.stage_process import LAST_RELEASE_VARIABLE, NO_LAST_RELEASE_VARIABLE, WEIGHTS

HERE = Deployment("velocity", "staging", "https://staging.test", known=True)
STRANGE = Deployment("generic", "unknown", "https://other.test", known=False)
FILE = FileWeight("landing", "/app.js", Kind.SCRIPT, 10)


def handed_in(history: Path, reports: Path, deployment: Deployment = HERE) -> dict[str, str]:
    told: dict[str, str] = {}

    @click.command()
    @history_option
    def command() -> None:
        told.update(hand_in(reports, deployment))
        note_files([FILE])

    result = CliRunner().invoke(command, ["--history", str(history)], catch_exceptions=False)
    assert result.exit_code == 0
    return told


def entry(deployment: Deployment) -> Entry:
    where = (deployment.platform, deployment.environment, deployment.base_url, deployment.known)
    return Entry(f"r-{deployment.platform}", "gate", *where, 0, 1, Decision.PROMOTE, 0, release="v1", files=(FILE,))


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "h.sqlite3"
    for deployment in (HERE, STRANGE):
        with History.at(path) as opened:
            opened.add(entry(deployment))
    return path


def test_the_last_release_is_handed_in_and_a_run_before_is_forgotten(history: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / WEIGHTS).write_text(to_json(Release("an old run", (FILE,))))
    told = handed_in(history, reports)
    assert from_json(Path(told[LAST_RELEASE_VARIABLE]).read_text()) == Release("v1", (FILE,))
    assert take_out(reports) == ()


def test_addresses_that_nobody_knows_are_told_apart(history: Path, tmp_path: Path) -> None:
    assert LAST_RELEASE_VARIABLE in handed_in(history, tmp_path / "a", STRANGE)
    elsewhere = Deployment("generic", "unknown", "https://another.test", known=False)
    assert handed_in(history, tmp_path / "b", elsewhere) == {}


def test_a_history_that_cannot_be_read_is_no_first_release(history: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_text("this is no database, " * 100)
    with closing(sqlite3.connect(history)) as changed, changed:
        changed.execute("update files set kind = 'unheard of'")
    for unreadable, why in ((broken, "not a database"), (history, "unheard of")):
        (words,) = handed_in(unreadable, tmp_path / "reports").values()
        assert why in words
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv(NO_LAST_RELEASE_VARIABLE, words)
            with pytest.raises(NotEnoughEvidence, match=why):
                read_last_release()


def test_a_history_that_may_only_be_read_is_read(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # who runs tests may be root, who may do all
    assert LAST_RELEASE_VARIABLE in handed_in(history, tmp_path / "reports")
    with pytest.raises(HistoryUnavailable, match="readonly"), History.at(history, create=False) as opened:
        opened.add(replace(entry(HERE), run_id="another"))


def test_a_history_that_is_missing_or_off_is_none(tmp_path: Path) -> None:
    for history in (tmp_path / "missing.sqlite3", Path("off")):
        assert handed_in(history, tmp_path / "reports") == {}
        assert not (tmp_path / "reports" / LAST).exists()


def test_what_a_stage_has_written_is_taken_out(tmp_path: Path) -> None:
    assert take_out(tmp_path) == ()
    (tmp_path / WEIGHTS).write_text("{broken")
    assert take_out(tmp_path) == ()
    (tmp_path / WEIGHTS).write_text(to_json(Release("run 1", (FILE,))))
    assert take_out(tmp_path) == (FILE,)
