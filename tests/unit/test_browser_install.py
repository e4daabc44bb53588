"""How a browser gets here. Nothing is installed: the steps are replaced by ones that write a script, or fail."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from postflight.browser import install
from postflight.browser.install import Step, install_browser, run, steps
from postflight.commands.browser import browser as command
from postflight.errors import BrowserUnavailable

WRITE = "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.write_text(sys.argv[2]); p.chmod(0o755)"
WORKS = "#!/bin/sh\necho '<p>postflight</p>'\n"
BROKEN = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr("postflight.browser.find.USUAL_PLACES", ())
    monkeypatch.setattr(install, "privilege", lambda: None)
    return {"PATH": str(tmp_path), "HOME": str(tmp_path)}


def plan(monkeypatch: pytest.MonkeyPatch, *planned: Step) -> None:
    monkeypatch.setattr(install, "steps", lambda _: iter(planned))


def bring(path: Path, script: str) -> Step:
    return Step(f"bring {path.name}", (sys.executable, "-c", WRITE, str(path), script), 20)


REFUSED = Step("a refused download", (sys.executable, "-c", "raise SystemExit(1)"), 20)


def test_the_one_that_is_here_is_used_and_nothing_is_installed(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: object) -> Iterator[Step]:
        raise AssertionError

    monkeypatch.setattr(install, "steps", never)
    assert run(bring(tmp_path / "chromium", WORKS)) is None
    said: list[str] = []
    assert install_browser(environ, say=said.append).executable == str(tmp_path / "chromium")
    assert said == []


def test_each_step_is_tried_until_a_browser_starts(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks_libraries = bring(tmp_path / "chromium", BROKEN)
    plan(monkeypatch, REFUSED, lacks_libraries, bring(tmp_path / "chromium-browser", WORKS), REFUSED)
    said: list[str] = []
    assert install_browser(environ, say=said.append).executable.endswith("chromium-browser")
    assert said == [
        "Browser: a refused download ...",
        "Browser: bring chromium ...",
        "Browser: bring chromium-browser ...",
    ]


def test_when_nothing_works_one_sentence_says_what_was_tried(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(monkeypatch, REFUSED, bring(tmp_path / "chromium", BROKEN))
    with pytest.raises(BrowserUnavailable) as raised:
        install_browser(environ, say=lambda _: None)
    assert str(raised.value) == (
        "No browser could be installed here; tried a refused download (exit code 1); bring chromium (brought none that "
        "starts). Install Chromium or Chrome by hand, or set $POSTFLIGHT_BROWSER to its path."
    )


def test_a_named_browser_that_does_not_start_is_not_replaced(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(monkeypatch)
    with pytest.raises(BrowserUnavailable, match="names /nowhere"):
        install_browser({**environ, "POSTFLIGHT_BROWSER": "/nowhere"})


def test_a_step_ends_at_its_deadline() -> None:
    slow = Step("slow", (sys.executable, "-c", "import time; time.sleep(60)"), 0.2)
    assert run(slow) == "not done within 0.2 s"


def test_a_step_that_cannot_start_says_why() -> None:
    assert run(Step("no such", ("/nowhere/apt-get",), 1)) == "No such file or directory"


def test_apt_is_used_only_where_it_asks_no_password() -> None:
    assert [step.command[:3] for step in steps(None)] == [(sys.executable, "-m", "playwright")]
    assert all(step.command[0] in (sys.executable, "apt-get") for step in steps(()))
    apt = [step.command for step in steps(("sudo", "--non-interactive")) if "apt-get" in step.command]
    assert apt
    assert all(command[:2] == ("sudo", "--non-interactive") for command in apt)


def test_the_command_shows_the_browser_or_ends_with_invalid(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(bring(tmp_path / "chromium", WORKS)) is None
    good = CliRunner().invoke(command, env={**environ, "POSTFLIGHT_BROWSER": str(tmp_path / "chromium")})
    assert good.exit_code == 0
    assert good.output.startswith(f"{tmp_path}/chromium (chrom")
    for arguments in ([], ["install"]):
        bad = CliRunner().invoke(command, arguments, env={**environ, "POSTFLIGHT_BROWSER": "/nowhere"})
        assert bad.exit_code == 30
        assert "postflight: $POSTFLIGHT_BROWSER names /nowhere" in bad.output
