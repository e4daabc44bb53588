"""Which Chromium to use: found once, tried once, or refused in one sentence. Never skipped."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal

from postflight.errors import BrowserUnavailable

Kind = Literal["headless-shell", "chromium", "chrome", "playwright"]

VARIABLE = "POSTFLIGHT_BROWSER"
REMEDY = f"Run `make browser`, or set ${VARIABLE} to the path of a Chromium or Chrome."

QUIET = (  # nothing of the browser's own may reach the network or the guard
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)
NO_SANDBOX = "--no-sandbox"
TRIAL_PAGE = "data:text/html,<p>postflight</p>"
TRIAL_ANSWER = b"<p>postflight</p>"
MAX_OUTPUT = 16_384  # bytes read of what a tried browser wrote

# Fastest first: a headless shell starts and runs about twice as fast as a whole browser.
ON_PATH: tuple[tuple[str, Kind], ...] = (
    ("chromium-headless-shell", "headless-shell"),
    ("chrome-headless-shell", "headless-shell"),
    ("google-chrome", "chrome"),
    ("google-chrome-stable", "chrome"),
    ("chrome", "chrome"),
    ("chromium", "chromium"),
    ("chromium-browser", "chromium"),
)
USUAL_PLACES: tuple[tuple[str, Kind], ...] = (
    ("/opt/google/chrome/chrome", "chrome"),
    ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "chrome"),
    ("/Applications/Chromium.app/Contents/MacOS/Chromium", "chromium"),
    ("/snap/bin/chromium", "chromium"),
)


@dataclass(frozen=True, slots=True)
class Browser:
    """A Chromium that can be started, and how. `version` is empty when it was not tried."""

    executable: str
    kind: Kind
    version: str
    args: tuple[str, ...]

    @property
    def sandboxed(self) -> bool:
        """False for root, and where the system forbids Chromium's sandbox."""
        return NO_SANDBOX not in self.args

    @property
    def launch_options(self) -> dict[str, Any]:
        """Keyword arguments for Playwright's `chromium.launch`, which drops the sandbox unless it is asked for it."""
        return {"executable_path": self.executable, "args": list(self.args), "chromium_sandbox": self.sandboxed}


def find_browser(
    environ: Mapping[str, str] = os.environ, *, root: bool | None = None, deadline: float = 20.0
) -> Browser:
    """Return the first browser that really starts; each is given `deadline` seconds.

    `$POSTFLIGHT_BROWSER` is taken at its word: when it cannot be started, no other is tried.
    Raises `BrowserUnavailable`: none is here, or what is here does not start (with its last line on stderr).
    """
    args = QUIET if not (_is_root() if root is None else root) else (NO_SANDBOX, *QUIET)
    explicit = environ.get(VARIABLE)
    if explicit:
        if not Path(explicit).is_file():
            raise BrowserUnavailable(f"${VARIABLE} names {explicit}, which is no file. {REMEDY}", seen=explicit)
        return try_browser(Browser(explicit, kind_of(explicit), "", args), deadline=deadline)
    refusals = []
    for executable, kind in candidates(environ):
        try:
            return try_browser(Browser(str(executable), kind, "", args), deadline=deadline)
        except BrowserUnavailable as refusal:
            refusals.append(str(refusal.args[0]))
    if refusals:
        raise BrowserUnavailable(f"{' '.join(refusals)} {REMEDY}", expected="a browser that starts")
    raise BrowserUnavailable(f"No Chromium or Chrome was found here. {REMEDY}", expected="Chromium or Chrome")


def candidates(environ: Mapping[str, str]) -> Iterator[tuple[Path, Kind]]:
    """Yield the browsers that are installed, best first, each once."""
    seen: set[Path] = set()
    for path, kind in _installed(environ):
        real = path.resolve()
        if real not in seen and path.is_file() and os.access(path, os.X_OK):
            seen.add(real)
            yield path, kind


def try_browser(browser: Browser, *, deadline: float) -> Browser:
    """Start it on a page of our own and return it with its version. Raises `BrowserUnavailable`.

    Where the system forbids the sandbox (containers, AppArmor's user namespaces), it is returned without one.
    """
    code, answer, complaint = _run([browser.executable, *_trial_args(browser)], deadline)
    if TRIAL_ANSWER in answer:
        return replace(browser, version=_version(browser.executable, deadline))
    if browser.sandboxed and "sandbox" in complaint.lower():
        return try_browser(replace(browser, args=(NO_SANDBOX, *browser.args)), deadline=deadline)
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "it wrote nothing on stderr"
    ended = f"no page within {deadline:g} s" if code is None else f"exit code {code}"
    raise BrowserUnavailable(
        f"{browser.executable} was found but cannot be used ({ended}): {last}.",
        expected="a browser that shows a page",
        seen=last,
        where=browser.executable,
    )


def kind_of(executable: str) -> Kind:
    """Return the kind that a path's name says."""
    name = executable.lower()
    if "ms-playwright" in name:
        return "playwright"
    if "headless-shell" in name or "headless_shell" in name:
        return "headless-shell"
    return "chromium" if "chromium" in name else "chrome"


def _installed(environ: Mapping[str, str]) -> Iterator[tuple[Path, Kind]]:
    yield from _playwrights(environ, "chromium_headless_shell-*/*/*headless[-_]shell")
    for name, kind in ON_PATH:
        found = shutil.which(name, path=environ.get("PATH", os.defpath))
        if found:
            yield Path(found), kind
    for place, kind in USUAL_PLACES:
        yield Path(place), kind
    yield from _playwrights(environ, "chromium-*/*/chrome")


def _playwrights(environ: Mapping[str, str], pattern: str) -> Iterator[tuple[Path, Kind]]:
    """Yield what `playwright install` left in its folder, newest revision first."""
    home = Path(environ.get("HOME") or "~").expanduser()
    usual = home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "ms-playwright"
    folder = Path(environ.get("PLAYWRIGHT_BROWSERS_PATH") or usual)
    for path in sorted(folder.glob(pattern), key=lambda found: _revision(found, folder), reverse=True):
        yield path, "playwright"


def _revision(path: Path, folder: Path) -> int:
    number = path.relative_to(folder).parts[0].rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _trial_args(browser: Browser) -> tuple[str, ...]:
    return ("--headless", *browser.args, "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom", TRIAL_PAGE)


def _version(executable: str, deadline: float) -> str:
    found = re.search(rb"\d+(\.\d+){1,3}", _run([executable, "--version"], deadline)[1])
    return found[0].decode() if found else ""


def _run(command: list[str], deadline: float) -> tuple[int | None, bytes, str]:
    """Run a browser; return its exit code (None: the deadline passed), stdout and stderr, both bounded."""
    with (
        tempfile.TemporaryDirectory(prefix="postflight-browser-", ignore_cleanup_errors=True) as profile,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        try:
            process = subprocess.Popen(  # noqa: S603 - a browser from a known place, or the one the user named
                [command[0], f"--user-data-dir={profile}", *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # so that its helpers end with it: Debian's is a shell script around it
            )
        except OSError as error:
            return -1, b"", error.strerror or str(error)
        try:
            code: int | None = process.wait(deadline)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process)
        return code, _tail(out), _tail(err).decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - MAX_OUTPUT))
    return file.read()


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
