"""Lighthouse on a page behind the sign-in: a browser in which somebody has signed in, and no secret outside of it."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from postflight.browser import signed_in_browser as module
from postflight.browser.find import Browser, find_browser
from postflight.browser.lighthouse import install_lighthouse
from postflight.browser.signed_in_browser import debuggable, signed_in_browser
from postflight.errors import BrowserUnavailable, CannotMeasure
from postflight.model import Account, Secret
from postflight.redact import Redactor
from postflight.reference_process import READY_VARIABLE, reference_platform
from tests.conftest import ROOT, Result, run_process
from tests.lighthouse_stub import asked, document, executable, stand_in

CHECK = "test_lighthouse_score[projects]"


@pytest.fixture(scope="module")
def ready() -> Iterator[str]:
    with reference_platform(("--tier", "strict")) as told:
        yield told


@pytest.fixture
def account(ready: str) -> Account:
    known = json.loads(ready)["accounts"]["primary"]
    return Account("primary", Secret("email", known["email"]), Secret("password", known["password"]))


def processes_of(folder: str) -> list[str]:
    """The command lines in which a folder is named."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:  # it has ended
            continue
        if folder in words:
            found.append(words)
    return found


def test_who_comes_by_the_port_is_signed_in(
    ready: str, account: Account, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(module.tempfile, "tempdir", None)
    web, redactor = json.loads(ready)["web"], Redactor()
    with signed_in_browser(playwright, find_browser(), web, account, redactor) as port:
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        assert [page.url for page in browser.contexts[0].pages] == ["about:blank"], "nothing of ours is left open"
        page = browser.contexts[0].new_page()
        page.goto(f"{web}/projects")
        assert page.url == f"{web}/projects"
        (session,) = [c["value"] for c in browser.contexts[0].cookies() if c.get("httpOnly")]
        assert session not in redactor.text(f"cookie: {session}")
        browser.close()
        assert not [line for line in processes_of(str(tmp_path)) if session in line]
    assert (processes_of(str(tmp_path)), list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("script", "words"), [("exit 3", "ended with exit code 3"), ("exec sleep 60", "opened none within 0.3 s")]
)
def test_a_browser_without_a_port_is_our_trouble(
    tmp_path: Path, script: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_DEADLINE", 0.3)
    browser = Browser(str(executable(tmp_path / "browser", f"#!/bin/sh\n{script}\n")), "chrome", "", ())
    with pytest.raises(BrowserUnavailable, match=words), debuggable(browser):
        pass
    with pytest.raises(BrowserUnavailable, match="cannot be started"), debuggable(Browser("/no", "chrome", "", ())):
        pass


def score(tmp_path: Path, ready: str, environ: dict[str, str]) -> Result:
    """Ask for the score of the reference platform's list of projects."""
    text = (ROOT / "deployments.yaml").read_text()
    asking = text.replace("        start: reference\n", "        start: reference\n        lighthouse: [projects]\n", 1)
    (tmp_path / "deployments.yaml").write_text(asking)
    command = [sys.executable, "-m", "pytest", "performance/test_lighthouse.py", "-p", "no:cacheprovider"]
    files = [f"--deployments={tmp_path / 'deployments.yaml'}", f"--reports={tmp_path / 'reports'}"]
    return run_process(*command, *files, reports=tmp_path / "reports", env={READY_VARIABLE: ready} | environ)


def test_no_secret_is_on_the_command_line(tmp_path: Path, ready: str, account: Account) -> None:
    stored = "There may be stored data affecting loading performance in this location: IndexedDB."
    (tmp_path / "stub").mkdir()
    stub = stand_in(tmp_path / "stub", document(0.96, runWarnings=[stored]))
    result = score(tmp_path, ready, {"POSTFLIGHT_LIGHTHOUSE": str(stub)})
    assert (result.decision, result.statuses()[CHECK]) == ("promote", "good"), result.output
    runs = asked(tmp_path / "stub")
    assert len({next(a for a in arguments if a.startswith("--port=")) for arguments, _ in runs}) == len(runs) == 3
    said = json.dumps(runs)
    assert "--chrome-flags" not in said
    for secret in (account.email.reveal(), account.password.reveal(), "Cookie"):
        assert secret not in said


def test_the_real_one_is_led_to_the_page(
    tmp_path: Path, ready: str, account: Account, pytestconfig: pytest.Config
) -> None:
    """Lighthouse from npm, three runs: its page is the list, and what is kept tells nothing of the session."""
    if not pytestconfig.getoption("--prove"):
        pytest.skip("a longer one: runs with --prove (make prove)")
    try:
        install_lighthouse()
    except CannotMeasure as error:
        pytest.skip(f"no Lighthouse can be had here: {error}")
    result = score(tmp_path, ready, {"HOME": os.environ["HOME"]})
    assert (result.decision, result.statuses()[CHECK]) == ("promote", "good"), result.output
    (report,) = [path for path in result.finding(CHECK)["evidence"] if path.endswith(".json")]
    told = json.loads((result.reports / report).read_text())
    assert told["finalDisplayedUrl"].endswith("/projects")
    assert "cookie" not in json.dumps(told["configSettings"]).lower()
    for path in result.finding(CHECK)["evidence"]:
        kept = (result.reports / path).read_text()
        assert account.email.reveal() not in kept
        assert account.password.reveal() not in kept
