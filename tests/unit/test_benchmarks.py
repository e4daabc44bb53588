"""What `make bench` times does what it says, and a side of a comparison takes turns until its stdin ends."""

import os
import subprocess
import sys

import pytest

from benchmarks.operations import OPERATIONS
from postflight.model import Decision
from tests.conftest import ROOT


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_does_the_same_each_time(name: str) -> None:
    run = OPERATIONS[name]()
    assert str(run()) == str(run()) != "None"


def test_the_verdict_and_the_redaction_that_are_timed_are_right() -> None:
    assert OPERATIONS["verdict"]()().decision is Decision.ROLLBACK  # type: ignore[attr-defined]  # a verdict
    assert "secret-value" not in str(OPERATIONS["redaction"]()())


def test_a_side_takes_turns() -> None:
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.turns", "verdict"],
        cwd=ROOT, env=environment, input="1\n20\n", capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    one, twenty = map(float, done.stdout.split())
    assert 0 < one < twenty
