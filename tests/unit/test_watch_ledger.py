"""The ledger: every decision can be made again from it, to the last digit, and a digit that changed is noticed."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from postflight.commands.replay import replay as command
from postflight.errors import CannotMeasure, ConfigError
from postflight.model import Decision
from postflight.signals.reading import Missing, Reading
from postflight.stats.blocks import Block
from postflight.stats.rules import Consecutive, ErrorRate, Gauge, Manual, ResponseTime
from postflight.watch.ledger import BlockLine, Ledger, VerdictLine, read_ledger
from postflight.watch.replay import replay
from tests.watching import gone, header_of, plan_of, seen, watched

STOPPED = Missing("no new sample")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def bad_from(first: int) -> object:
    return lambda number: seen(10, 10 if number >= first else 0)


@pytest.mark.parametrize("control", [False, True])
def test_a_rollback_is_decided_again_to_the_digit(path: Path, control: bool) -> None:
    beside = (lambda _: seen(7, 0)) if control else None
    verdict, state, _ = watched(bad_from(5), beside, ledger=path)  # type: ignore[arg-type]
    found = replay(read_ledger(path))
    assert found.verdict == verdict
    assert found.state.digits == state.digits
    assert found.ended
    assert found.verdict.decision is Decision.ROLLBACK


@pytest.mark.parametrize("stop_after", [0, 7])
def test_other_ends_too(path: Path, stop_after: int) -> None:
    verdict, *_ = watched(
        lambda number: gone(STOPPED) if number % 5 == 0 else seen(10), ledger=path, stop_after=stop_after
    )
    assert replay(read_ledger(path)).verdict == verdict


def test_all_kinds_of_rules_and_readings_come_back_as_they_were(path: Path) -> None:
    rules = (ErrorRate(), ResponseTime(), Consecutive(), Gauge(20, 30), Manual("critical_bug"))
    plan = plan_of(rules, signals=("probes", "prometheus"))
    reading = Reading(
        counted={
            "error_rate.probes": Block(10, 1),
            "error_rate.prometheus": STOPPED,
            "response_time.probes": Block(3, 0),
        },
        checks={"web": (True, None, False)},
        gauges={"active_previews": 0.1 + 0.2},
        notes=("web: refuses connections", "✗ \u2028 \x1b[31m"),
    )
    _, _, records = watched(lambda _: reading, plan=plan, ledger=path)
    lines = [line for _, line in read_ledger(path)]
    assert lines[0] == header_of(plan)
    assert [line.record for line in lines if isinstance(line, BlockLine)] == records
    replay(read_ledger(path))


def test_each_digit_that_changes_is_noticed(path: Path) -> None:
    watched(bad_from(2), ledger=path)  # type: ignore[arg-type]
    text = path.read_text()
    digits = [place for place, character in enumerate(text) if character in "0123456789"]
    assert len(digits) > 300
    for place in digits[::3]:
        other = str((int(text[place]) + 1) % 10)
        path.write_text(text[:place] + other + text[place + 1 :])
        with pytest.raises(CannotMeasure, match="checksum differs"):
            replay(read_ledger(path))


def forged(path: Path, old: str, new: str) -> None:
    """Change a text and write the checksums anew, as somebody would who knows how."""
    bodies = []
    for line in path.read_text().splitlines():
        content = json.loads(line)
        del content["chain"]
        bodies.append(json.dumps(content, ensure_ascii=False))
    text = "\n".join(bodies)
    assert old in text
    path.write_text(text.replace(old, new, 1))
    chain, lines = "", []
    from postflight.journal import chained

    for body in path.read_text().splitlines():
        chain = chained(chain, body)
        lines.append(f'{body[:-1]}, "chain": "{chain}"}}\n')
    path.write_text("".join(lines))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"requests": 10, "bad": 10', '"requests": 10, "bad": 9', "evidence is not what follows"),
        ('"above": 0.05', '"above": 0.06', "evidence is not what follows"),
        ('"alpha": 0.01', '"alpha": 0.02', "not what follows"),
        ('"decision": "rollback"', '"decision": "promote"', "verdict is not what follows"),
        ('"trigger": "error_rate.probes"', '"trigger": "health"', "call is not what follows"),
        ('"number": 2', '"number": 3', "block 3 does not follow block 1"),
        ('"duration": 60.0', '"duration": 0.5', "plan cannot be"),
        ('"kind": "header"', '"kind": "heading"', "no line of a ledger"),
        ('"known": true', '"known": false', "verdict is not what follows"),
    ],
)
def test_what_was_changed_with_its_checksum_does_not_follow(path: Path, old: str, new: str, words: str) -> None:
    watched(bad_from(3), ledger=path)  # type: ignore[arg-type]
    replay(read_ledger(path))
    forged(path, old, new)
    with pytest.raises(CannotMeasure, match=words):
        replay(read_ledger(path))


def test_a_call_that_was_left_out_is_noticed(path: Path) -> None:
    watched(bad_from(3), ledger=path)  # type: ignore[arg-type]
    call = next(line for line in path.read_text().splitlines() if '"kind": "call"' in line)
    body = json.loads(call)
    del body["chain"]
    forged(path, json.dumps(body, ensure_ascii=False) + "\n", "")
    with pytest.raises(CannotMeasure, match="calls before the verdict"):
        replay(read_ledger(path))


def test_a_line_that_is_missing_is_noticed(path: Path) -> None:
    watched(bad_from(3), ledger=path)  # type: ignore[arg-type]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2] + lines[3:]))
    with pytest.raises(CannotMeasure, match=r"ledger.jsonl:3 is not as it was written"):
        replay(read_ledger(path))


@pytest.mark.parametrize("left", [0.5, 0.9, 0.999])
def test_a_watch_that_was_killed_leaves_a_ledger_that_decides_nothing_rash(path: Path, left: float) -> None:
    watched(lambda _: seen(8), plan=plan_of(duration=12), ledger=path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * left)])
    found = replay(read_ledger(path))
    assert not found.ended
    assert found.verdict.decision is Decision.HOLD


def test_a_ledger_is_of_one_watch(path: Path) -> None:
    path.write_text("")
    with pytest.raises(ConfigError, match="exists: a ledger is of one watch"), Ledger(path):
        pass


def test_what_is_no_ledger(path: Path) -> None:
    path.write_text("")
    with pytest.raises(CannotMeasure, match="begins with a header"):
        replay(read_ledger(path))
    path.write_text('{"hello": "world"}\n')
    with pytest.raises(CannotMeasure, match="not as it was written"):
        replay(read_ledger(path))
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(CannotMeasure, match="cannot be read"):
        replay(read_ledger(path))


def test_each_line_is_on_the_disk_before_the_watch_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(path.stat().st_size), real(file)))
    with Ledger(path) as ledger:
        for text in ("one", "two"):
            ledger.append(VerdictLine("verdict", Decision.HOLD, interrupted=True, reasons=(text,)))
    assert len(synced) == 2
    assert synced[1] == path.stat().st_size > synced[0] > 0


def test_the_command(path: Path) -> None:
    watched(bad_from(3), ledger=path)  # type: ignore[arg-type]
    result = CliRunner().invoke(command, [str(path)])
    assert result.exit_code == 20
    assert "ROLLBACK  reproduced to the last digit" in result.output
    path.write_text(path.read_text().replace('"bad": 10', '"bad": 11', 1))
    result = CliRunner().invoke(command, [str(path)])
    assert result.exit_code == 30
    assert "DIFFERS" in result.output
