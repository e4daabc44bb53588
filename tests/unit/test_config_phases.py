"""`stage_sets:` and `database:` of deployments.yaml: what a deployment is told, and what is said of mistakes."""

from pathlib import Path

import pytest

from postflight.config.deployments import load_deployments
from postflight.config.resolve import resolve
from postflight.errors import ConfigError
from postflight.model import DatabaseSchema, Migration, StageSet
from postflight.stage_process import PHASES
from tests.conftest import ROOT

GOOD = """\
version: 1
platforms:
  shop:
    stage_sets:
      backend: {covers: [VEL-H2, VEL-S3]}
      frontend: {stages: [smoke, security], covers: [VEL-S1]}
    environments:
      staging:
        base_url: https://staging.shop.example
        database:
          tables: {orders: [id, total], billing.invoices: [id]}
          migration: {table: migrations.done, column: version, value: "7"}
          usage: {projects: billing.invoices.made_at, previews: orders.at}
      other: {base_url: "https://other.shop.example"}
"""
DATABASE = "platforms.shop.environments.staging.database"


def test_a_deployment_knows_its_phases_and_its_database(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(GOOD)
    deployments = load_deployments(tmp_path / "d.yaml")
    staging = resolve(deployments, environment="staging", environ={})
    assert staging.stage_sets == {
        "backend": StageSet("backend", ("smoke",), ("VEL-H2", "VEL-S3")),
        "frontend": StageSet("frontend", ("smoke", "security"), ("VEL-S1",)),
    }
    assert staging.database == DatabaseSchema(
        {"orders": ("id", "total"), "billing.invoices": ("id",)},
        Migration("migrations.done", "version", "7"),
        {"projects": ("billing.invoices", "made_at"), "previews": ("orders", "at")},
    )
    other = resolve(deployments, environment="other", environ={})
    assert (other.stage_sets, other.database) == (staging.stage_sets, None)


def test_velocity_has_all_five_phases() -> None:
    assert tuple(load_deployments(ROOT / "deployments.yaml").platforms["velocity"].stage_sets) == PHASES


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("backend:", "backand:", "stage_sets.backand: 'backand' is not one of validation, database, backend, frontend"),
        (
            "VEL-S3]",
            "VEL-S33]",
            "5: platforms.shop.stage_sets.backend.covers.1: unknown requirement 'VEL-S33'; did you",
        ),
        ("covers: [VEL-S1]", "covers: []", "stage_sets.frontend.covers: should have at least 1 item"),
        (", covers: [VEL-S1]", "", "6: platforms.shop.stage_sets.frontend.covers: this key is missing"),
        ("[smoke, security]", "[smoke, secrity]", "'secrity' is not one of smoke, security"),
        ("[smoke, security]", "[]", "stage_sets.frontend.stages: should have at least 1 item"),
        ("[id, total]", "[]", f"11: {DATABASE}.tables.orders: should have at least 1 item"),
        ("[id, total]", '["id; drop table x"]', "'id; drop table x' does not match"),
        ("billing.invoices: [id]", "a.b.c: [id]", "'a.b.c' does not match"),
        ('value: "7"', "value: 7", f"12: {DATABASE}.migration.value: expected text, found 7"),
        ("orders.at", "orders", f"13: {DATABASE}.usage.previews: 'orders' does not match"),
        ("usage: {projects", "usage: {project", "'project' is not one of sessions, projects, previews; did you mean"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert GOOD.count(right) == 1
    (tmp_path / "d.yaml").write_text(GOOD.replace(right, wrong))
    with pytest.raises(ConfigError) as error:
        load_deployments(tmp_path / "d.yaml")
    assert message in str(error.value)
