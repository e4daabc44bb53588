import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from postflight.commands.config import SCHEMAS, config, schema_text
from postflight.config.yaml_source import Value, read_yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("deployments.yaml", "budgets.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def as_json(value: Value) -> Any:
    if isinstance(value, dict):
        return {key: as_json(held) for key, held in value.items()}
    if isinstance(value, tuple):
        return [as_json(held) for held in value]
    return value.isoformat() if isinstance(value, date) else value


def test_good_files(project: Path) -> None:
    result = CliRunner().invoke(config, ["check"])
    assert result.exit_code == 0
    assert result.output == "good: 3 platforms, 10 environments, and their budgets\n"


def test_both_files_are_checked_even_when_the_first_is_bad(project: Path) -> None:
    (project / "other.yaml").write_text("version: 3\nplatforms: {}\n")
    (project / "limits.yaml").write_text("version: 4\nplatforms: {}\n")
    result = CliRunner().invoke(config, ["check", "--deployments", "other.yaml", "--budgets", "limits.yaml"])
    assert result.exit_code == 1
    assert "other.yaml:1: version: 3 is not one of 1" in result.output
    assert "limits.yaml:1: version: 4 is not one of 1" in result.output


def test_a_missing_file_is_an_error(project: Path) -> None:
    (project / "budgets.yaml").unlink()
    result = CliRunner().invoke(config, ["check"])
    assert result.exit_code == 1
    assert "budgets.yaml cannot be read" in result.output


def test_budgets_of_a_platform_that_is_not_there(project: Path) -> None:
    text = (project / "budgets.yaml").read_text().replace("\n  velocity:", "\n  velcity:")
    (project / "budgets.yaml").write_text(text)
    assert (
        "deployments.yaml has no such platform; did you mean 'velocity'?"
        in CliRunner().invoke(config, ["check"]).output
    )


def test_schemas_are_written_and_printed(project: Path) -> None:
    assert CliRunner().invoke(config, ["schema", "--write"]).exit_code == 0
    printed = json.loads(CliRunner().invoke(config, ["schema"]).output)
    for name in SCHEMAS:
        written = json.loads((project / "schemas" / f"{name}.schema.json").read_text())
        assert printed[name]["properties"] == written["properties"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_current(name: str) -> None:
    committed = (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), "run `postflight config schema --write` and commit it"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_fit_their_schemas_and_name_them(name: str) -> None:
    file = ROOT / f"{name}.yaml"
    schema = json.loads(schema_text(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    values = as_json(read_yaml(file).values)
    jsonschema.validate(values, schema)
    with pytest.raises(jsonschema.ValidationError, match="Additional properties are not allowed"):
        jsonschema.validate({**values, "vresion": 1}, schema)
    assert file.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema=schemas/{name}.schema.json\n")
