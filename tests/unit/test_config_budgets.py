from pathlib import Path

import pytest

from postflight.config.budgets import Budgets, load_budgets
from postflight.config.deployments import load_deployments
from postflight.config.requirements import load_requirements
from postflight.errors import ConfigError
from postflight.model import OnBreach, Quantity, Unit

ROOT = Path(__file__).parents[2]

GOOD = """\
version: 1
platforms:
  any:
    checks: {default: hold}
    budgets:
      smoke:
        page.load: {at_most: 10 s, on_breach: warn}
        edit.sync: {at_most: 9 s, on_breach: warn}
  velocity:
    checks: {default: rollback, VEL-S10: hold, VEL-H5: warn}
    budgets:
      smoke:
        edit.sync: {at_most: 2 s, on_breach: rollback, covers: [VEL-S7]}
      performance:
        success: {at_least: 99.5 %, min_samples: 919, on_breach: hold, covers: [VEL-M1, P13-P1]}
""".replace("        success:", "        api.success:")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "budgets.yaml"


@pytest.fixture
def budgets(file: Path) -> Budgets:
    file.write_text(GOOD)
    return load_budgets(file)


def errors(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_budgets(file, platforms=["velocity"])
    return str(error.value).replace(f"{file}:", "FILE:")


def test_a_platform_goes_before_any(budgets: Budgets, file: Path) -> None:
    smoke = budgets.for_stage("velocity", "smoke")
    assert {metric: str(budget.at_most) for metric, budget in smoke.items()} == {
        "page.load": "10 s",
        "edit.sync": "2 s",
    }
    assert smoke["edit.sync"].covers == ("VEL-S7",)
    assert smoke["edit.sync"].source == f"{file}:13"
    assert {str(budget.at_most) for budget in budgets.for_stage("generic", "smoke").values()} == {"10 s", "9 s"}
    assert budgets.for_stage("velocity", "security") == {}


def test_at_least_and_min_samples(budgets: Budgets) -> None:
    budget = budgets.for_stage("velocity", "performance")["api.success"]
    assert (budget.at_least, budget.at_most) == (Quantity(0.995, Unit.RATIO), None)
    assert (budget.min_samples, budget.on_breach, budget.stage) == (919, OnBreach.HOLD, "performance")


@pytest.mark.parametrize(
    ("platform", "covers", "expected"),
    [
        ("velocity", [], OnBreach.ROLLBACK),
        ("velocity", ["VEL-S1"], OnBreach.ROLLBACK),
        ("velocity", ["VEL-S10"], OnBreach.HOLD),
        ("velocity", ["VEL-H5"], OnBreach.WARN),
        ("velocity", ["VEL-H5", "VEL-S10"], OnBreach.HOLD),
        ("velocity", ["VEL-H5", "VEL-S10", "VEL-S1"], OnBreach.ROLLBACK),
        ("generic", [], OnBreach.HOLD),
        ("generic", ["VEL-S10"], OnBreach.HOLD),
    ],
)
def test_a_failing_check_asks_for_the_most_severe(
    budgets: Budgets, platform: str, covers: list[str], expected: OnBreach
) -> None:
    assert budgets.on_breach_of(platform, covers) is expected


def test_without_a_file_there_are_no_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_budgets().for_stage("velocity", "smoke") == {}
    assert load_budgets().on_breach_of("velocity", []) is OnBreach.ROLLBACK


def test_the_projects_own_file_is_good() -> None:
    budgets = load_budgets(ROOT / "budgets.yaml", platforms=load_deployments(ROOT / "deployments.yaml").platforms)
    smoke = budgets.for_stage("velocity", "smoke")
    assert smoke["preview.ready"].at_most == Quantity(30, Unit.SECONDS)
    assert smoke["edit.sync"].at_most == Quantity(2, Unit.SECONDS)
    assert budgets.on_breach_of("velocity", ["VEL-S10"]) is OnBreach.HOLD


METRIC = "platforms.velocity.budgets.smoke.edit.sync"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("2 s", "2", f"FILE:13: {METRIC}.at_most: 2 is a bare number; write its unit, like '2 s'"),
        ("2 s", "2 sec", f"FILE:13: {METRIC}.at_most: unknown unit 'sec' in '2 sec'"),
        ("2 s", "-2 s", f"FILE:13: {METRIC}.at_most: '-2 s' is negative"),
        ("2 s", ".inf", f"FILE:13: {METRIC}.at_most: inf is a bare number"),
        (
            "at_most: 2 s",
            "at_most: 2 s, at_least: 1 s",
            f"FILE:13: {METRIC}: write exactly one of at_most and at_least",
        ),
        ("at_most: 2 s, ", "", f"FILE:13: {METRIC}: write exactly one of at_most and at_least"),
        ("at_most: 2 s", "at_mots: 2 s", f"FILE:13: {METRIC}.at_mots: unknown key; did you mean 'at_most'?"),
        ("on_breach: rollback, ", "", f"FILE:13: {METRIC}.on_breach: this key is missing"),
        (
            "on_breach: rollback",
            "on_breach: rolback",
            f"FILE:13: {METRIC}.on_breach: 'rolback' is not one of rollback, hold",
        ),
        ("on_breach: rollback", "on_breach: 5", f"FILE:13: {METRIC}.on_breach: 5 is not one of rollback, hold, warn"),
        ("[VEL-S7]", "[VEL-7]", f"FILE:13: {METRIC}.covers.0: unknown requirement 'VEL-7'; did you mean 'VEL-"),
        ("[VEL-S7]", "VEL-S7", f"FILE:13: {METRIC}.covers: expected a list, found 'VEL-S7'"),
        ("919", "0", "FILE:15: platforms.velocity.budgets.performance.api.success.min_samples: should be greater than"),
        ("919", "919 samples", "min_samples: should be a valid integer, found '919 samples'"),
        (
            "performance:",
            "preformance:",
            "FILE:14: platforms.velocity.budgets.preformance: 'preformance' is not one of",
        ),
        ("performance:", "preformance:", "; did you mean 'performance'?"),
        (
            "VEL-S10: hold",
            "VEL-S100: hold",
            "FILE:10: platforms.velocity.checks.VEL-S100: unknown requirement 'VEL-S100'; did",
        ),
        (
            "default: rollback",
            "defualt: rollback",
            "FILE:10: platforms.velocity.checks.defualt: unknown requirement 'defualt'",
        ),
        (
            "  velocity:",
            "  velocty:",
            "FILE:9: platforms.velocty: deployments.yaml has no such platform; did you mean 'velo",
        ),
        ("  velocity:\n    checks:", "  velocity:\n    check:", "check: unknown key; did you mean 'checks'?"),
        ("api.success", "success", "FILE:15: platforms.velocity.budgets.performance.success: 'success' does not match"),
        (
            "      performance:\n",
            "        edit.sync: {at_most: 3 s, on_breach: hold}\n      performance:\n",
            f"FILE:14: {METRIC}: this key is here twice; first in line 13",
        ),
    ],
)
def test_each_error_names_line_place_and_remedy(file: Path, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    assert message in errors(file, GOOD.replace(right, wrong, 1))


def test_requirements_are_the_rows_of_the_plans() -> None:
    requirements = load_requirements()
    assert len(requirements) == 67
    assert requirements["VEL-S9"].platform == "velocity"
    assert requirements["VEL-S9"].source == "V 3.2, 8.4"
    assert requirements["P13-X1"].platform == "all"
    assert {row.platform for row in requirements.values()} == {"velocity", "vibelog", "velro", "all"}
