"""Each fault that only a browser sees turns exactly its checks of `security/browser` red; healthy tiers are clean."""

import sys
from pathlib import Path

import pytest

from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import Result, run_process
from tests.faults.browser_security_table import HEALTHY, TABLE, Planted
from tests.faults.covering import rows


def security(tmp_path: Path, arguments: tuple[str, ...]) -> Result:
    """Run the browser's part of stage security against a reference platform that is started like this."""
    reports = tmp_path / "reports"
    command = [sys.executable, "-m", "pytest", "security/browser", "-m", "security", "--reports", str(reports)]
    with reference_platform(arguments) as ready:
        return run_process(*command, "-p", "no:cacheprovider", reports=reports, env={READY_VARIABLE: ready})


def failing(result: Result) -> set[str]:
    """Return the functions of the checks that are neither good nor excluded."""
    bad = {name for name, status in result.statuses().items() if status not in {"good", "excluded"}}
    return {name.partition("[")[0] for name in bad}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """By default what turns each check red once; `--prove` plants all."""
    if "planted" in metafunc.fixturenames:
        chosen = rows(metafunc.config, TABLE, lambda planted: planted.fails)
        names = [f"{planted.fault}{''.join(planted.arguments[1:])}" for planted in chosen]
        metafunc.parametrize("planted", chosen, ids=names)


def test_a_fault_turns_its_browser_checks_red(planted: Planted, tmp_path: Path) -> None:
    result = security(tmp_path, (*planted.arguments, "--fault", planted.fault))
    assert failing(result) == set(planted.fails), result.output
    assert "bad" in result.statuses().values(), result.output
    assert result.exit_code != 0


@pytest.mark.parametrize("arguments", HEALTHY, ids=lambda arguments: "".join(arguments[1:]))
def test_healthy_tiers_are_clean(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = security(tmp_path, arguments)
    assert (failing(result), result.decision, result.exit_code) == (set(), "promote", 0), result.output
