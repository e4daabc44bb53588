"""Lighthouse as a process: found, brought here, run within bounds, and ended with all that it started."""

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from postflight.browser import lighthouse as module
from postflight.browser.find import Browser
from postflight.browser.lighthouse import (
    INTEGRITY,
    Lighthouse,
    find_lighthouse,
    home,
    install_lighthouse,
    run_lighthouse,
)
from postflight.commands.lighthouse import lighthouse as command
from postflight.errors import CannotMeasure, NotEnoughEvidence
from tests.e2e.conftest import is_gone
from tests.lighthouse_stub import asked, document, executable, stand_in

BROWSER = Browser("/usr/bin/a-browser", "headless-shell", "150.0", ("--no-sandbox", "--no-pings"))
URL = "http://shop.example/"

NPM = """#!{python}
import json, pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1])
assert sys.argv[-1] == "lighthouse@13.5.0" and "--ignore-scripts" in sys.argv
script = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
script.parent.mkdir(parents=True)
script.write_text("")
lock = {{"packages": {{"node_modules/lighthouse": {{"integrity": {integrity!r}}}}}}}
(folder / "node_modules" / ".package-lock.json").write_text(json.dumps(lock))
"""


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine without Node and without a cache."""
    monkeypatch.setattr(module, "_path", lambda environ: environ["PATH"])  # not beside this Python
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


def tool(environ: dict[str, str], name: str, text: str = "#!/bin/sh\n") -> Path:
    return executable(Path(environ["PATH"]) / name, text)


def test_it_is_asked_for_one_page_in_our_browser(tmp_path: Path) -> None:
    found = Lighthouse((str(stand_in(tmp_path, document(0.9))),))
    files = run_lighthouse(found, URL, BROWSER, flags=["--spki=a b"], headers={"X-Postflight-Run": "r1"})
    assert b'"score": 0.9' in files.json
    assert files.html.startswith(b"<!doctype html>")
    ((arguments, browser),) = asked(tmp_path)
    assert (arguments[0], browser) == (URL, BROWSER.executable)
    assert "--chrome-flags=--headless --no-sandbox --no-pings '--spki=a b'" in arguments
    assert '--extra-headers={"X-Postflight-Run": "r1"}' in arguments
    path = next(argument.partition("=")[2] for argument in arguments if argument.startswith("--output-path="))
    assert not Path(path).parent.exists()


def test_a_report_of_an_error_is_read_although_it_exits_with_one(tmp_path: Path) -> None:
    found = Lighthouse((str(stand_in(tmp_path, document(None, runtimeError={"code": "NO_FCP"}))),))
    assert b"NO_FCP" in run_lighthouse(found, URL, BROWSER).json


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Unable to connect to Chrome' >&2; exit 1", "exit code 1, no report: Unable to connect to Chrome"),
        ("exit 0", "exit code 0, no report: it said nothing"),
        (
            "for a; do p=${a#--output-path=}; [ $p = $a ] || truncate -s 9M $p.report.json $p.report.html; done",
            "more than 8000000 bytes",
        ),
    ],
)
def test_a_run_without_a_usable_report_is_no_measurement(tmp_path: Path, script: str, words: str) -> None:
    found = Lighthouse((str(executable(tmp_path / "lighthouse", f"#!/bin/sh\n{script}\n")),))
    with pytest.raises(CannotMeasure) as error:
        run_lighthouse(found, URL, BROWSER)
    assert words in str(error.value)


def test_a_run_that_hangs_is_ended_with_its_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser has a session of its own, as chrome-launcher gives it, and nobody listens to SIGINT."""
    monkeypatch.setattr(module, "GRACE", 0.1)
    script = f"""#!{sys.executable}
import os, pathlib, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(child.pid))
child.wait()
"""
    found = Lighthouse((str(executable(tmp_path / "lighthouse", script)),))
    with pytest.raises(CannotMeasure, match=r"did not end within 1\.5 s"):
        run_lighthouse(found, URL, BROWSER, deadline=1.5)
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_where_it_is_not_there_is_no_score(environ: dict[str, str]) -> None:
    with pytest.raises(NotEnoughEvidence, match=r"Node is not here.*`postflight lighthouse install`"):
        find_lighthouse(environ)
    tool(environ, "node")
    with pytest.raises(NotEnoughEvidence, match=r"Lighthouse 13\.5\.0 is not here"):
        find_lighthouse(environ)


def test_an_executable_of_ones_own(environ: dict[str, str]) -> None:
    environ["POSTFLIGHT_LIGHTHOUSE"] = str(tool(environ, "mine"))
    assert find_lighthouse(environ).command == (environ["POSTFLIGHT_LIGHTHOUSE"],)
    environ["POSTFLIGHT_LIGHTHOUSE"] = "/nowhere/lighthouse"
    with pytest.raises(CannotMeasure, match="names /nowhere/lighthouse, which is no executable"):
        find_lighthouse(environ)


def test_it_is_installed_whole(environ: dict[str, str]) -> None:
    tool(environ, "node")
    tool(environ, "npm", NPM.format(python=sys.executable, integrity=INTEGRITY))
    found = install_lighthouse(environ)
    assert found.command[1] == str(home(environ) / "node_modules" / "lighthouse" / "cli" / "index.js")
    assert [path.name for path in home(environ).parent.iterdir()] == ["lighthouse-13.5.0"]
    tool(environ, "npm", "#!/bin/sh\nexit 1\n")
    assert install_lighthouse(environ) == found, "what is here is not asked for again"


@pytest.mark.parametrize(
    ("npm", "words"),
    [
        (
            "#!/bin/sh\necho 'npm error ENOTFOUND' >&2; exit 1\n",
            "is its registry within reach? It said: npm error ENOTF",
        ),
        ("#!/bin/sh\nexit 0\n", "no lighthouse that can be checked"),
        (NPM.format(python=sys.executable, integrity="sha512-another"), "is not the one that is known here"),
        (None, "npm is not here"),
    ],
)
def test_an_installation_that_fails_leaves_nothing(environ: dict[str, str], npm: str | None, words: str) -> None:
    tool(environ, "node")
    if npm:
        tool(environ, "npm", npm)
    with pytest.raises(CannotMeasure) as error:
        install_lighthouse(environ)
    assert words in str(error.value)
    assert not list(home(environ).parent.glob("*"))


def test_the_command_says_what_is_missing(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSTFLIGHT_LIGHTHOUSE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setitem(os.environ, name, value)
    shown = CliRunner().invoke(command)
    assert (shown.exit_code, "postflight: Node is not here" in shown.output) == (30, True)
    refused = CliRunner().invoke(command, ["install"])
    assert (refused.exit_code, "npm is not here" in refused.output) == (30, True)
