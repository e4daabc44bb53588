"""Kinds of runs: what was measured with another browser or on another host is never compared, and that is told."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from postflight.checks.run_kind import RunKind, build_of, kinds_of, tell_change
from postflight.commands import remember
from postflight.commands.history import history
from postflight.history import Entry, History, Series, summarise
from postflight.history.analysis import compare_with_week_before, find_kind_changes, find_shifts
from postflight.host import describe_host
from postflight.model import Measurement, Unit
from postflight.report import html
from postflight.report.background import Background
from tests.conftest import ROOT
from tests.histories import NOW, PROMOTE, document, keep, kept

OLD, NEW = "headless-shell 149.0.7827.12", "headless-shell 150.0.7871.46"
HOST, OTHER = "4 x EPYC, Linux x86_64", "2 x Xeon, Linux x86_64"
HOUR = 3600.0


def gate_run(number: int, value: float, *, browser: str = OLD, host: str = HOST, size: float = 1000.0) -> Entry:
    """A run as the gate would keep it: one time and one size from the browser, one time and one count without it."""
    measured = document(
        Measurement("landing.mobile.lcp", (value,), Unit.SECONDS, browser=browser),
        Measurement("landing.bytes.script", (size,), Unit.BYTES, browser=browser),
        Measurement("api.latency", (value / 10,), Unit.SECONDS),
        Measurement("usage.projects", (7.0,), Unit.COUNT),
    )
    made = summarise(replace(measured, about=replace(measured.about, browser=browser, host=host)), "gate", environ={})
    when = NOW + number * HOUR
    return replace(made, run_id=f"r{number}", started=when - 60, finished=when, release=f"v{number}")


def shifted(runs: Iterable[Entry]) -> set[str]:
    return {f"{shift.metric} {shift.release}" for shift in find_shifts(list(runs))}


# ---- what has a part in a measurement


def test_times_are_of_the_machine_counts_of_the_browser_only_and_its_patches_do_not_matter() -> None:
    kinds = {series.metric: series.kind for series in gate_run(1, 1.0).measured}
    assert kinds == {
        "landing.mobile.lcp": RunKind("headless-shell 149.0.7827", HOST),
        "landing.bytes.script": RunKind("headless-shell 149.0.7827", ""),
        "api.latency": RunKind("", HOST),
        "usage.projects": RunKind("", ""),
    }
    assert build_of("firefox 130.0.1") == "firefox 130.0.1"


@pytest.mark.parametrize(
    ("measurement", "of_host"),
    [
        (Measurement("a", (1.0,), Unit.PER_SECOND), True),
        (Measurement("cls", (0.1,), Unit.SCORE), True),  # where text stands depends on the machine's fonts
        (Measurement("points", (91.0,), Unit.COUNT, interval=(90.0, 93.0)), True),  # an estimate
        (Measurement("requests", (34.0,), Unit.COUNT), False),
        (Measurement("unused", (0.3,), Unit.RATIO), False),
    ],
)
def test_what_is_exact_is_the_same_on_any_machine(measurement: Measurement, of_host: bool) -> None:
    kind = kinds_of([measurement], HOST)[measurement.metric, measurement.unit]
    assert kind == RunKind("", HOST if of_host else "")


def test_a_metric_that_was_taken_with_and_without_a_browser_is_of_both() -> None:
    both = [Measurement("edit.sync", (1.0,), Unit.SECONDS, browser=browser) for browser in (OLD, "", "firefox 130.0")]
    kind = RunKind("firefox 130.0 and headless-shell 149.0.7827", HOST)
    assert kinds_of(both, HOST) == {("edit.sync", Unit.SECONDS): kind}
    assert kinds_of(both, "") == {}, "a run that does not name its host is of no known kind"


def test_a_host_is_told_with_the_processors_that_may_be_used(tmp_path: Path) -> None:
    info, quota = tmp_path / "cpuinfo", tmp_path / "cpu.max"
    info.write_text("processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core Processor\nmodel name\t: another\n")
    quota.write_text("100000 100000\n")
    assert describe_host(info, quota).startswith("1 x AMD EPYC 7763, ")
    quota.write_text("max 100000\n")
    assert describe_host(info, quota) == describe_host(info, tmp_path / "none")
    info.write_text("model name\t: Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz\n")
    assert " x Intel Xeon Platinum 8370C, " in describe_host(info, quota)
    info.write_text("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n")
    assert " x CPU 0x41 0xd0c, " in describe_host(info, quota)
    assert describe_host(tmp_path / "none", quota).count(" x ") == 1, "a system that does not tell has a name too"


# ---- shifts


def test_a_new_browser_or_another_host_is_no_shift_although_all_times_double() -> None:
    before = [gate_run(n, 1.0 + n % 3 / 100) for n in range(20)]
    after = range(20, 40)
    assert shifted([*before, *(gate_run(n, 2.0 + n % 3 / 100, browser=NEW, size=1200) for n in after)]) == {
        "api.latency v20"  # the browser had no part in it: this one is real
    }
    elsewhere = [gate_run(n, 2.0 + n % 3 / 100, host=OTHER) for n in after]
    assert shifted([*before, *elsewhere]) == set()
    unknown = [
        replace(run, measured=tuple(replace(series, kind=None) for series in run.measured), browser="", host="")
        for run in before
    ]
    assert shifted([*unknown, *elsewhere]) == set(), "what older versions have kept is of no known kind"


def test_bytes_are_compared_across_hosts() -> None:
    runs = [gate_run(n, 1.0, host=(HOST, OTHER)[n >= 20], size=1000.0 if n < 20 else 1200.0) for n in range(40)]
    assert shifted(runs) == {"landing.bytes.script v20"}


def test_a_real_shift_within_a_kind_is_told_also_after_the_browser_changed() -> None:
    runs = [
        *(gate_run(n, 3.0 + n % 3 / 100) for n in range(20)),
        *(gate_run(n, 1.0 + n % 3 / 100, browser=NEW) for n in range(20, 40)),
        *(gate_run(n, 1.5 + n % 3 / 100, browser=NEW) for n in range(40, 60)),
    ]
    lcp = next(shift for shift in find_shifts(runs) if shift.metric == "landing.mobile.lcp")
    assert (lcp.release, lcp.before, lcp.after, lcp.runs_before) == ("v40", 1.01, 1.51, 20)
    assert str(lcp).endswith(f"in 20, with headless-shell 150.0.7871 on {HOST})")


def test_two_runners_by_turns_are_two_series() -> None:
    """One is twice as fast as the other: steady, nothing is told; slower on both, each tells of it."""

    def by_turns(slower_from: int) -> list[Entry]:
        return [
            gate_run(n, (1.0, 2.0)[n % 2] * (1.5 if n >= slower_from else 1.0), host=(HOST, OTHER)[n % 2])
            for n in range(80)
        ]

    assert shifted(by_turns(999)) == set()
    found = [shift for shift in find_shifts(by_turns(40)) if shift.metric == "landing.mobile.lcp"]
    assert {(shift.kind.host, shift.release, round(shift.after / shift.before, 2)) for shift in found} == {
        (HOST, "v40", 1.5), (OTHER, "v41", 1.5),
    }  # fmt: skip


def test_runners_whose_share_drifts_are_no_shift() -> None:
    """First nearly all runs are on one runner, then nearly all on the other, which is slower."""
    hosts = [OTHER if (n % 10 == 0) == (n < 40) else HOST for n in range(80)]
    runs = [gate_run(n, 2.0 if host == OTHER else 1.0, host=host) for n, host in enumerate(hosts)]
    assert shifted(runs) == set()
    mixed = [replace(run, measured=tuple(replace(s, kind=None) for s in run.measured)) for run in runs]
    assert "landing.mobile.lcp v41" in shifted(mixed), "without kinds it would be one"


# ---- the week before


def test_the_week_before_counts_only_what_was_measured_alike() -> None:
    before = [gate_run(n, 1.0) for n in range(6)]
    alike = compare_with_week_before(gate_run(6, 2.0), before)
    assert {change.metric for change in alike if change.is_large(0.5)} == {"landing.mobile.lcp", "api.latency"}
    newer = compare_with_week_before(gate_run(6, 2.0, browser=NEW), before)
    assert {change.metric for change in newer} == {"api.latency", "usage.projects"}
    elsewhere = compare_with_week_before(gate_run(6, 2.0, host=OTHER), before)
    assert {change.metric for change in elsewhere} == {"landing.bytes.script", "usage.projects"}


# ---- where the kind changed


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("", ""),
        ("aaa", ""),
        ("a--a-", ""),
        ("aaab-bb", "another host since 3: b (before: a)"),
        ("aabbc", "another host since 4: c (before: b)"),
        ("aababb", "2 hosts by turns (runs): a (3), b (3)"),
        ("abcdefa", "6 hosts by turns (runs): a (2), b (1), c (1), d (1), 2 more"),
    ],
)
def test_a_change_is_told_with_the_run_it_began_with(values: str, words: str) -> None:
    assert tell_change("host", (("" if v == "-" else v, str(n)) for n, v in enumerate(values))) == words


def test_each_target_tells_its_own_change() -> None:
    runs = [gate_run(n, 1.0, browser=OLD if n < 3 else NEW) for n in range(6)]
    steady = [replace(run, environment="production", browser=OLD) for run in runs]
    (told,) = find_kind_changes([*runs, *steady])
    assert told.startswith("velocity/staging: another browser since release v3: headless-shell 150.0.7871 (before: ")


def test_another_postflight_may_be_why_figures_changed_and_is_told() -> None:
    runs = [replace(gate_run(n, 1.0 if n < 20 else 2.0), postflight="0.1" if n < 20 else "0.2") for n in range(40)]
    assert find_kind_changes(runs) == ["velocity/staging: another Postflight since release v20: 0.2 (before: 0.1)"]
    assert "landing.mobile.lcp v20" in shifted(runs)


def shown(file: Path, *options: str) -> str:
    told = ["--history", str(file), "--since", "2026-01-01", *options]
    done = CliRunner().invoke(history, told, env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_tells_of_the_change_and_draws_each_series_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite3"
    keep(file, *(gate_run(n, 1.0 + n, browser=OLD if n < 3 else NEW) for n in range(6)))
    assert "note: velocity/staging: another browser since release v3" in shown(file)
    lines = shown(file, "--metric", "landing.mobile.lcp").splitlines()
    assert lines[0] == "landing.mobile.lcp, in 2 series that are not compared with each other"
    assert lines[2:6] == [
        f"1  velocity/staging, gate, with headless-shell 149.0.7827 on {HOST}", "   ▁▅█",
        f"2  velocity/staging, gate, with headless-shell 150.0.7871 on {HOST}", "   ▁▅█",
    ]  # fmt: skip
    assert shown(file, "--metric", "api.latency").startswith("api.latency  ▁▂")
    assert '"kind": {\n            "browser": "headless-shell 149.0.7827"' in shown(file, "--json")


def test_the_report_says_where_the_kind_changed_and_draws_only_what_was_measured_alike(tmp_path: Path) -> None:
    file, found = tmp_path / "h.sqlite3", []
    keep(file, *(gate_run(n, 1.0, browser=OLD if n < 3 else NEW) for n in range(6)))
    lcp = Measurement("landing.mobile.lcp", (1.0,), Unit.SECONDS, browser=NEW)
    doc = document(lcp, Measurement("api.latency", (0.1,), Unit.SECONDS))
    doc = replace(doc, about=replace(doc.about, browser=NEW, host=HOST))

    @click.command()
    @remember.history_option
    def command() -> None:
        found.extend(remember.earlier_runs("gate", doc.about))

    assert CliRunner().invoke(command, ["--history", str(file)]).exit_code == 0
    page = html.render(doc, {}, Background(past=tuple(found)))
    assert (
        "Measured with another browser since release v3: headless-shell 150.0.7871 (before: headless-shell 149.0.7827)."
        in page
    )
    assert "3 runs before: 1 s; this one: 1 s (medians); 3 before measured with something else" in page
    assert "6 runs before: 100 ms; this one: 100 ms (medians)<" in page, "no browser had a part in it"


# ---- the file


def test_kinds_go_in_and_come_out_and_are_kept_once(tmp_path: Path) -> None:
    file, runs = tmp_path / "h.sqlite3", [gate_run(n, 1.0) for n in range(3)]
    keep(file, *runs)
    assert [(run.browser, run.host) for run in kept(file)] == [(OLD, HOST)] * 3
    assert {s.metric: s.kind for s in kept(file)[0].measured} == {s.metric: s.kind for s in runs[0].measured}
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from kinds").fetchone() == (4,)


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    file = tmp_path / "history.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.executescript((ROOT / "tests/unit/history_v2.sql").read_text())
    return file


def test_a_file_of_version_2_is_brought_forward_with_all_that_is_in_it(version_2: Path) -> None:
    runs = kept(version_2)
    assert [(run.release, run.decision, len(run.measured), run.browser, run.host) for run in runs] == [
        ("v1", PROMOTE, 10, "", ""), ("v2", PROMOTE, 14, "", ""),
    ]  # fmt: skip
    lcp = next(series for series in runs[1].measured if series.metric == "landing.mobile.lcp")
    assert lcp == Series("landing.mobile.lcp", Unit.SECONDS, 4, 0.388, 0.396, 0.4, "at most 2.5 s", met=True, kind=None)
    new = replace(gate_run(1, 4.0), platform="velocity", environment="reference", finished=runs[1].finished + 60)
    keep(version_2, new)
    assert compare_with_week_before(kept(version_2)[-1], kept(version_2)) == (), "nobody knows with what those were"
    with History.at(version_2) as opened:
        last = opened.last_release("velocity", "reference")
        assert last is not None
        assert (last.name, last.browser, len(last.files)) == ("v2", "", 4)
    with sqlite3.connect(version_2) as connection:
        assert connection.execute("pragma user_version").fetchone() == (3,)
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma foreign_key_check").fetchall() == []
