"""The manifests for several hosts start what there is: their options are those of `postflight load`."""

import re
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from postflight.commands.load import load

FOLDER = Path(__file__).parents[2] / "load"


def compose() -> list[list[str]]:
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (FOLDER / "compose.yaml").read_text())
    services: dict[str, Any] = YAML(typ="safe").load(text)["services"]
    return [service["command"] for service in services.values()]


def kubernetes() -> list[list[str]]:
    documents = YAML(typ="safe").load_all(FOLDER / "kubernetes.yaml")
    jobs = [document for document in documents if document["kind"] == "Job"]
    return [container["args"] for job in jobs for container in job["spec"]["template"]["spec"]["containers"]]


@pytest.mark.parametrize("commands", [compose(), kubernetes()], ids=["compose", "kubernetes"])
def test_a_master_that_waits_for_its_workers(commands: list[list[str]]) -> None:
    master, worker = (load.make_context("load", list(command)).params for command in commands)
    assert (master["profile"], master["master"], master["workers"]) == ("landing", True, 0)
    assert master["expect_workers"] == 4
    assert (worker["worker"], worker["profile"]) == (True, None)
    assert worker["environment"] == master["environment"]


def test_as_many_workers_as_are_waited_for() -> None:
    documents = list(YAML(typ="safe").load_all(FOLDER / "kubernetes.yaml"))
    jobs = {document["metadata"]["name"]: document["spec"] for document in documents if document["kind"] == "Job"}
    assert "--expect-workers=4" in kubernetes()[0]
    assert jobs["postflight-load-workers"]["parallelism"] == jobs["postflight-load-workers"]["completions"] == 4


@pytest.mark.parametrize("arguments", [["--worker", "landing"], [], ["landing", "--workers=0"]])
def test_options_that_contradict_each_other(arguments: list[str]) -> None:
    context = load.make_context("load", list(arguments))
    with pytest.raises(click.UsageError):
        load.invoke(context)
