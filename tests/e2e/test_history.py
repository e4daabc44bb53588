"""The history that a real gate writes: its verdict is there, and no secret that it knew."""

from collections.abc import Callable
from pathlib import Path

from postflight.checks.run_kind import RunKind
from postflight.history import History
from postflight.host import describe_host
from postflight.model import Decision
from tests.conftest import Result

PASSWORD = "correct-horse-battery"
LEAK = """
@pytest.mark.measures("some.metric")
def test_leak(account, measure):
    measure("some.metric", 1.5)
    raise AssertionError("signed in as " + account("primary").password.reveal())
"""


def test_a_gate_keeps_its_verdict_and_no_secret(run_gate: Callable[..., Result], site: str, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    deployments = (
        f"version: 1\nplatforms:\n  velocity:\n    environments:\n      here:\n        base_url: '{site}'\n"
        "        accounts: {primary: {email: MAIL, password: WORD}}\n"
    )
    environ = {"MAIL": "me@x.test", "WORD": PASSWORD, "POSTFLIGHT_HISTORY": str(file), "POSTFLIGHT_RELEASE": "v7"}
    result = run_gate({"smoke": LEAK}, "--environment", "here", env=environ, deployments=deployments)
    assert result.exit_code == 20, result.output
    with History.at(file) as history:
        (run,) = history.runs()
    assert (run.decision, run.target, run.release, run.command) == (Decision.ROLLBACK, "velocity/here", "v7", "gate")
    assert "signed in as [secret" in run.reason
    assert [(series.metric, series.median) for series in run.measured] == [("some.metric", 1.5)]
    assert run.measured[0].kind == RunKind("", describe_host()), "seconds, and no browser had a part in them"
    written = b"".join(path.read_bytes() for path in tmp_path.glob("history.sqlite3*"))
    assert PASSWORD.encode() not in written
    assert (result.reports / "verdict.json").is_file()
