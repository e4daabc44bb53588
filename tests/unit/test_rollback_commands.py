"""Rollbacks by a command of one's own, and by Fly's: what they are given, and what their end means."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postflight.rollback.model import Action, Move, Refused, Standing, Unclear
from tests.provider_stub import CASE, KEY, TOKEN, action, done


def command(argv: list[str], **more: Any) -> Action:
    return action({"command": {"run": argv, **more}})


def test_a_command_gets_the_facts_and_only_the_secrets_that_it_asks_for(tmp_path: Path) -> None:
    script = f'env | sort > {tmp_path}/env; echo "with $TOKEN"'
    acting = command(["sh", "-c", script], secrets=["TOKEN"])
    assert done(acting) == "exit code 0: with [secret TOKEN]"
    found = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line)
    assert found["POSTFLIGHT_RELEASE"] == "1.5.0"
    assert found["POSTFLIGHT_KEY"] == KEY
    assert found["TOKEN"] == TOKEN
    assert "HOOK" not in found


@pytest.mark.parametrize(
    ("argv", "means", "says"),
    [
        (["sh", "-c", f"echo half done with {TOKEN}; exit 3"], Unclear, "exit code 3: half done with .secret"),
        (["sh", "-c", "echo begun; exec sleep 30"], Unclear, "was killed; its last words: begun"),
        (["/nowhere/at/all"], Refused, "install it here"),
    ],
)
def test_how_a_command_ends(argv: list[str], means: type[Exception], says: str) -> None:
    with pytest.raises(means, match=says) as error:
        done(command(argv, secrets=["TOKEN"], deadline="300 ms" if "sleep" in argv[-1] else "5 s"))
    assert TOKEN not in str(error.value)


def test_a_secret_that_the_bound_of_the_output_cuts_is_taken_out() -> None:
    filler = "x" * (16_000 - 10)
    acting = command(["sh", "-c", f"printf '%s%s' '{TOKEN}' '{filler}'"], secrets=["TOKEN"])
    said = done(acting)
    assert TOKEN[-10:] not in said


@pytest.mark.parametrize(("code", "standing"), [(0, "after"), (1, "before"), (2, "unknown")])
def test_a_command_is_verified_by_another(code: int, standing: str) -> None:
    acting = command(["true"], verify=["sh", "-c", f"exit {code}"])
    assert acting.standing(CASE, Move(""), KEY) == standing


# Fly, by its own command: a fake `fly` on PATH

RELEASES = [
    {"Version": 7, "Status": "running", "ImageRef": "registry.fly.io/shop:new", "Description": "d" * 900},
    {"Version": 5, "Status": "complete", "ImageRef": "registry.fly.io/shop:old"},
    {"Version": 6, "Status": "failed", "ImageRef": "registry.fly.io/shop:broken"},
]


@pytest.fixture
def fly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Action]:
    def install(releases: object, code: int = 0) -> Action:
        text = releases if isinstance(releases, str) else json.dumps(releases)
        (tmp_path / "releases").write_text(text)
        (tmp_path / "fly").write_text(
            f'#!/bin/sh\necho "$FLY_API_TOKEN $*" >> {tmp_path}/asked\n'
            f'if [ "$1" = releases ]; then echo "WARN [x] be careful" >&2; cat {tmp_path}/releases; exit 0; fi\n'
            f"echo deployed with $FLY_API_TOKEN; exit {code}\n"
        )
        (tmp_path / "fly").chmod(0o755)
        path = f"{tmp_path}:/usr/bin:/bin"
        monkeypatch.setenv("PATH", path)  # a command is looked up by ours
        return action({"fly": {"app": "shop", "token": "TOKEN"}}, {"PATH": path})

    return install


def test_fly_deploys_the_image_of_the_last_complete_release(fly: Callable[..., Action], tmp_path: Path) -> None:
    acting = fly(RELEASES * 20)
    assert done(acting) == "exit code 0: deployed with [secret TOKEN]"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [
        f"{TOKEN} releases --app shop --json",
        f"{TOKEN} deploy --app shop --image registry.fly.io/shop:old --yes",
    ]


@pytest.mark.parametrize(
    ("last", "standing"),
    [
        ({"Status": "complete", "ImageRef": "registry.fly.io/shop:old"}, Standing.AFTER),
        ({"Status": "running", "ImageRef": "registry.fly.io/shop:old"}, Standing.UNDER_WAY),
        ({"Status": "failed", "ImageRef": "registry.fly.io/shop:old"}, Standing.UNKNOWN),
        ({"Status": "complete", "ImageRef": "registry.fly.io/shop:new"}, Standing.BEFORE),
        ({"Status": "complete", "ImageRef": "registry.fly.io/shop:hotfix"}, Standing.ELSEWHERE),
    ],
)
def test_fly_says_where_it_stands(fly: Callable[..., Action], last: dict[str, str], standing: Standing) -> None:
    move = Move("", "registry.fly.io/shop:new", "registry.fly.io/shop:old")
    assert fly([*RELEASES, {"Version": 9, **last}]).standing(CASE, move, KEY) is standing


@pytest.mark.parametrize(
    ("releases", "says"),
    [
        ("Error: no such app", "up to date"),
        ("[]", "no releases"),
        (RELEASES[:1], "nothing to go back to"),
        ([{"Version": 2, "ImageRef": "--evil", "Status": "complete"}], "no releases"),
    ],
)
def test_fly_refuses_what_cannot_be_gone_back_to(fly: Callable[..., Action], releases: object, says: str) -> None:
    with pytest.raises(Refused, match=says):
        fly(releases).plan(CASE)


def test_a_deployment_that_fails_at_fly_is_unclear(fly: Callable[..., Action]) -> None:
    with pytest.raises(Unclear, match="look at `fly releases"):
        done(fly(RELEASES, code=1))
