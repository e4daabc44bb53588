"""`load:` in budgets.yaml: what shapes and profiles mean, and errors that name the line."""

from pathlib import Path

import pytest

from postflight.config import load_budgets
from postflight.config.load import LoadSettings, Stage
from postflight.errors import ConfigError


def settings(folder: Path, load: str) -> LoadSettings:
    path = folder / "budgets.yaml"
    path.write_text(f"version: 1\nplatforms: {{}}\nload:\n{load}\n")
    return load_budgets(path).load


def test_lines_join_and_levels_jump(tmp_path: Path) -> None:
    shape = settings(
        tmp_path,
        "  shapes: {s: {warm_up: 5 s, stages: [{for: 10 s, to: 100 %}, {for: 1 min, at: 300 %}, {for: 5 s, to: 0 %}]}}",
    ).shapes["s"]
    assert shape.stages == (Stage(10, 0, 1), Stage(60, 3, 3), Stage(5, 3, 0))
    assert (shape.seconds, shape.peak, shape.warm_up, shape.stepped) == (75, 3, 5, False)
    assert shape.planned(0, 75) == pytest.approx(5 + 180 + 7.5)


def test_steps(tmp_path: Path) -> None:
    shape = settings(tmp_path, "  shapes: {b: {steps: {from: 50 %, by: 25 %, up_to: 110 %, each: 10 s}}}").shapes["b"]
    assert shape.stepped
    assert shape.steps() == ((0, 10, 0.5), (10, 20, 0.75), (20, 30, 1.0))


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ("  shapes: {s: {stages: [{for: 10 s}]}}", "write exactly one of 'at'"),
        ("  shapes: {s: {stages: [{for: 10 s, at: 100 %, to: 50 %}]}}", "write exactly one of 'at'"),
        ("  shapes: {s: {stages: [{for: 0 s, at: 100 %}]}}", "must take some time"),
        ("  shapes: {s: {}}", "write exactly one of 'stages' and 'steps'"),
        ("  shapes: {s: {warm_up: 10 s, stages: [{for: 10 s, at: 100 %}]}}", "nothing to judge"),
        ("  shapes: {s: {stages: [{for: 10 s, at: 0 %}]}}", "no stage has a level above 0 %"),
        ("  shapes: {s: {steps: {from: 50 %, by: 0 %, up_to: 100 %, each: 10 s}}}", "steps go up"),
        ("  shapes: {s: {steps: {from: 1 %, by: 1 %, up_to: 900 %, each: 10 s}}}", "more than 200 steps"),
        ("  profiles: {landing: {rate: 5, connections: 9 connections}}", "5 is a bare number"),
        ("  profiles: {landing: {rate: 5 /s, connections: 0 connections}}", "too few"),
        ("  profiles: {landing: {rate: 0 /s, connections: 9 connections}}", "is no rate"),
        ("  profiles: {landing: {rate: 5 /s, connections: 9 connections, shape: smok}}", "there is no shape 'smok'"),
        ("  profiles: {landing: {rate: 5 /s, conections: 9 connections}}", "did you mean 'connections'?"),
        ("  window: 1.5 s", "write whole seconds"),
        ("  confidence: 100 %", "is no confidence"),
        ("  generator_lag: 1 min", "is no bound for a generator's lag"),
    ],
)
def test_mistakes_name_their_line(tmp_path: Path, load: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, load)
    assert words in str(error.value)
    assert "budgets.yaml:" in str(error.value)


def test_the_projects_own_file() -> None:
    load = load_budgets(Path(__file__).parents[2] / "budgets.yaml").load
    assert {"landing", "api", "preview-start"} <= set(load.profiles)
    assert {"smoke", "average", "spike", "soak", "breakpoint"} <= set(load.shapes)
    assert [name for name, shape in load.shapes.items() if shape.stepped] == ["breakpoint"]
