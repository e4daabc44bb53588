"""Which browser is used: played with shell scripts that behave like good and bad ones."""

import os
import select
from pathlib import Path

import pytest

from postflight.browser.find import NO_SANDBOX, QUIET, Browser, find_browser, kind_of
from postflight.errors import BrowserUnavailable

WORKS = 'case "$*" in *--version*) echo "Chromium 141.0.7390.54 built on Debian";; *) echo "<p>postflight</p>";; esac'
LACKS_LIBRARY = "echo noise >&2; echo 'error while loading shared libraries: libnss3.so' >&2; exit 127"
NEEDS_NO_SANDBOX = f'case "$*" in *{NO_SANDBOX}*) {WORKS};; *) echo "No usable sandbox!" >&2; exit 1;; esac'


@pytest.fixture(autouse=True)
def no_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postflight.browser.find.USUAL_PLACES", ())


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": str(home / "bin"), "HOME": str(home), **more}


def test_the_first_that_starts_is_used_with_its_version(tmp_path: Path) -> None:
    path = executable(tmp_path / "bin" / "chromium", WORKS)
    found = find_browser(environ(tmp_path), root=False)
    assert found == Browser(str(path), "chromium", "141.0.7390.54", QUIET)
    assert found.launch_options == {"executable_path": str(path), "args": list(QUIET), "chromium_sandbox": True}


def test_a_headless_shell_goes_before_a_whole_browser_and_playwrights_before_both(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "google-chrome", WORKS)
    assert find_browser(environ(tmp_path)).kind == "chrome"
    executable(tmp_path / "bin" / "chromium-headless-shell", WORKS)
    assert find_browser(environ(tmp_path)).kind == "headless-shell"
    cache = tmp_path / "cache"
    for revision in (999, 1255):
        executable(cache / f"chromium_headless_shell-{revision}" / "linux" / "chrome-headless-shell", WORKS)
    found = find_browser(environ(tmp_path, PLAYWRIGHT_BROWSERS_PATH=str(cache)))
    assert found.kind == "playwright"
    assert "-1255/" in found.executable


def test_one_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "chromium-headless-shell", LACKS_LIBRARY)
    executable(tmp_path / "bin" / "chromium", WORKS)
    assert find_browser(environ(tmp_path)).kind == "chromium"


def test_when_none_starts_the_sentence_holds_its_last_line_and_the_remedy(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "chromium", LACKS_LIBRARY)
    with pytest.raises(BrowserUnavailable, match=r"libnss3\.so.*`make browser`") as raised:
        find_browser(environ(tmp_path))
    assert "noise" not in str(raised.value)


def test_when_there_is_none_the_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailable, match=r"No Chromium or Chrome was found here\. Run `make browser`"):
        find_browser(environ(tmp_path))


def test_one_that_never_answers_is_ended_at_its_deadline_with_its_children(tmp_path: Path) -> None:
    pidfile = tmp_path / "child"
    executable(tmp_path / "bin" / "chromium", f"/bin/sleep 60 & echo $! > {pidfile}; wait")
    with pytest.raises(BrowserUnavailable, match=r"no page within 0\.5 s"):
        find_browser(environ(tmp_path), deadline=0.5)
    assert has_ended(pidfile)


def has_ended(pidfile: Path) -> bool:
    """Whether the process ends in bounded time. A script that was ended before it had a child left none."""
    if not pidfile.exists() or not pidfile.read_text():
        return True
    try:
        process = os.pidfd_open(int(pidfile.read_text()))
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


def test_the_named_browser_is_taken_at_its_word(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "chromium", WORKS)
    broken = executable(tmp_path / "broken", LACKS_LIBRARY)
    with pytest.raises(BrowserUnavailable, match=str(broken)):
        find_browser(environ(tmp_path, POSTFLIGHT_BROWSER=str(broken)))
    with pytest.raises(BrowserUnavailable, match=r"\$POSTFLIGHT_BROWSER names /nowhere, which is no file"):
        find_browser(environ(tmp_path, POSTFLIGHT_BROWSER="/nowhere"))


def test_root_and_only_root_starts_without_a_sandbox(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "chromium", WORKS)
    assert not find_browser(environ(tmp_path), root=True).sandboxed
    assert find_browser(environ(tmp_path), root=False).sandboxed


def test_where_the_system_forbids_a_sandbox_it_is_given_up(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "chromium", NEEDS_NO_SANDBOX)
    found = find_browser(environ(tmp_path), root=False)
    assert found.args == (NO_SANDBOX, *QUIET)
    assert found.launch_options["chromium_sandbox"] is False


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/root/.cache/ms-playwright/chromium-1/chrome-linux/chrome", "playwright"),
        ("/usr/bin/chromium-headless-shell", "headless-shell"),
        ("/usr/bin/chromium", "chromium"),
        ("/opt/google/chrome/chrome", "chrome"),
    ],
)
def test_kinds(path: str, kind: str) -> None:
    assert kind_of(path) == kind
