from pathlib import Path

import pytest
from click.testing import CliRunner

from postflight.commands.coverage import coverage, coverage_text, find_tests
from postflight.errors import CannotMeasure, ConfigError

ROOT = Path(__file__).parents[2]

SUITE = """\
import pytest

pytestmark = [pytest.mark.smoke, pytest.mark.covers("VEL-H1")]


@pytest.mark.covers("VEL-S1", "VEL-S2")
def test_landing(): ...


def helper(): ...


@pytest.mark.parametrize("region", [pytest.param("iad", marks=pytest.mark.covers("VEL-H4")), "sfo"])
async def test_regions(region): ...


@pytest.mark.covers("VEL-S3")
class TestProjects:
    @pytest.mark.covers("VEL-S3", "VEL-S8")
    def test_deleted(self): ...
"""
FAULTS = """\
import json, sys
assert sys.argv[1:] == ["--list-faults", "--json"]
print(json.dumps([{"name": "dead-landing", "breaks": "500 on /", "covers": ["VEL-S1"]}]))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "test_velocity.py").write_text(SUITE)
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "__init__.py").touch()
    (tmp_path / "reference" / "__main__.py").write_text(FAULTS)
    (tmp_path / "budgets.yaml").write_text(
        "version: 1\nplatforms:\n  any:\n    budgets:\n      smoke:\n"
        "        edit.sync: {at_most: 2 s, on_breach: hold, covers: [VEL-S7]}\n"
        "    triggers:\n"
        "      error_rate: {above: 5 %, within: 5 min, do: hold, covers: [VEL-M3, VIB-T1]}\n"
        "      response_time: {p99: 2 s, within: 5 min, do: hold, covers: [VEL-M3]}\n"
        "      health: {failures: 3 in a row, do: hold}\n"
        "      manual: {bug: hold, fire: {do: hold, covers: [VIB-T4]}}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def row(text: str, requirement: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {requirement} |")]
    return [cell.strip() for cell in line.split(" | ")][2:]


def test_marks_are_read_from_module_class_function_and_parameters(project: Path) -> None:
    assert {test.name: test.covers for test in find_tests(project, "smoke")} == {
        "test_landing": ("VEL-H1", "VEL-S1", "VEL-S2"),
        "test_regions": ("VEL-H1", "VEL-H4"),
        "TestProjects::test_deleted": ("VEL-H1", "VEL-S3", "VEL-S8"),
    }


def test_a_row_shows_tests_budgets_faults_and_gaps(project: Path) -> None:
    text = coverage_text(project)
    assert row(text, "VEL-S1") == ["[test_landing](../smoke/test_velocity.py)", "", "", "`dead-landing` |"]
    assert row(text, "VEL-S7") == ["**gap**", "`edit.sync` at most 2 s", "", "|"]
    assert row(text, "VEL-S9") == ["**gap**", "", "", "|"]


def test_a_trigger_serves_a_requirement_and_is_counted(project: Path) -> None:
    text = coverage_text(project)
    assert row(text, "VIB-T1") == ["", "", "any: `error_rate` above 5 % within 300 s", "|"]
    assert row(text, "VEL-M3")[2].endswith(", any: `response_time` p99 above 2 s within 300 s")
    assert row(text, "VIB-T4")[2] == "any: `fire` by a person"
    assert row(text, "VIB-T3") == ["**gap**", "", "", "|"]  # health checks are watched, and nothing says what for
    assert "9 of 67 requirements have a test or a trigger" in text


def test_a_trigger_for_a_requirement_that_does_not_exist_is_an_error(project: Path) -> None:
    file = project / "budgets.yaml"
    file.write_text(file.read_text().replace("VIB-T1", "VIB-T11"))
    with pytest.raises(ConfigError, match=r"error_rate\.covers\.1: unknown requirement 'VIB-T11'; did you mean"):
        coverage_text(project)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('"VEL-S2"', '"VEL-S22"', r"smoke/test_velocity\.py:7: unknown requirement 'VEL-S22'; did you mean 'VEL-S2'\?"),
        ('"VEL-S2"', "SOME_ID", r"smoke/test_velocity\.py:6: covers takes texts, .* found SOME_ID"),
        ("import pytest", "import", r"smoke/test_velocity\.py is no Python: invalid syntax"),
    ],
)
def test_a_wrong_mark_is_an_error(project: Path, right: str, wrong: str, message: str) -> None:
    (project / "smoke" / "test_velocity.py").write_text(SUITE.replace(right, wrong, 1))
    with pytest.raises(ConfigError, match=message):
        coverage_text(project)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise SystemExit('no such option')", "exited with 1: no such option"),
        ("print('dead-landing')", "printed no list of faults: all: Invalid JSON"),
        (FAULTS.replace("covers", "requirements"), r"printed no list of faults: 0\.covers: Field required"),
        (FAULTS.replace("VEL-S1", "VEL-Q1"), "fault dead-landing: unknown requirement 'VEL-Q1'"),
    ],
)
def test_a_reference_platform_that_does_not_say_its_faults(project: Path, program: str, message: str) -> None:
    (project / "reference" / "__main__.py").write_text(program)
    with pytest.raises(CannotMeasure, match=message):
        coverage_text(project)


def test_the_command_writes_and_checks(project: Path) -> None:
    stale = CliRunner().invoke(coverage, ["--check"])
    assert stale.exit_code == 1
    assert "docs/coverage.md is not current; run `postflight coverage` and commit it" in stale.output
    assert CliRunner().invoke(coverage).exit_code == 0
    assert CliRunner().invoke(coverage, ["--check"]).exit_code == 0
    (project / "smoke" / "test_velocity.py").write_text("")
    assert CliRunner().invoke(coverage, ["--check"]).exit_code == 1


def test_the_committed_table_is_current() -> None:
    committed = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert committed == coverage_text(ROOT), "run `postflight coverage` and commit it"
