"""Runs the shell of a step as GitHub's runner does, with its environment files as real files."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.workflows.expressions import World, insert

GITHUB = ROOT / ".github"
ACTION = GITHUB / "actions" / "postflight" / "action.yml"
WORKFLOWS = tuple(sorted((GITHUB / "workflows").glob("*.yml")))
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # what `shell: bash` means
NAME = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True)
class Ran:
    """How a step ended, and what it wrote."""

    exit_code: int
    log: str
    outputs: dict[str, str]
    summary: bytes
    environment: str  # GITHUB_ENV
    path: str  # GITHUB_PATH


def load(path: Path) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(path)  # YAML 1.2: `on` is a word


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all steps with where they are: `smoke.yml/smoke`."""
    yield from ((ACTION.name, step) for step in load(ACTION)["runs"]["steps"])
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield from ((f"{path.name}/{name}", step) for step in job.get("steps", ()))


def step(place: str, name: str) -> dict[str, Any]:
    (found,) = [each for where, each in steps() if where == place and each.get("name") == name]
    return found


def run(
    one: Mapping[str, Any], folder: Path, world: World, *, cwd: Path | None = None, path: Path | None = None, **env: str
) -> Ran:
    """Run it in `folder` (or `cwd`), its `env:` evaluated in `world`. `path`: a folder of commands, found first."""
    files = {
        name: folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
    }
    for file in files.values():
        file.write_bytes(b"")
    script = folder / "step.sh"
    script.write_text(one["run"], encoding="utf-8")
    done = subprocess.run(
        [*SHELL, str(script)],
        cwd=cwd or folder,
        env={
            "PATH": os.pathsep.join(filter(None, [str(path or ""), os.environ["PATH"]])),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            **{name: str(file) for name, file in files.items()},
            **{name: insert(str(value), world) for name, value in one.get("env", {}).items()},
            **env,
        },
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ran(
        done.returncode,
        (done.stdout + done.stderr).decode("utf-8", "replace"),
        outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8")),
        files["GITHUB_STEP_SUMMARY"].read_bytes(),
        files["GITHUB_ENV"].read_text(),
        files["GITHUB_PATH"].read_text(),
    )


def outputs(text: str) -> dict[str, str]:
    """Read `name=value` lines and `name<<END` blocks as the runner does: any other line is an error there too."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n")[:-1])
    for line in lines:
        name, sign, value = re.split(r"(=|<<)", line, maxsplit=1) if re.search(r"=|<<", line) else (line, "", "")
        assert sign, f"GitHub would refuse this line: {line!r}"
        assert NAME.fullmatch(name), f"GitHub would refuse this name: {line!r}"
        if sign == "<<":
            block = []
            while (part := next(lines)) != value:
                block.append(part)
            value = "\n".join(block)
        assert name not in found, f"{name} is written twice"
        found[name] = value
    return found
