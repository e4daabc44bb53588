"""Bring a browser here where there is none: Playwright's headless shell, else Debian's, else one clear sentence."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from postflight.browser.find import VARIABLE, Browser, find_browser
from postflight.errors import BrowserUnavailable

Say = Callable[[str], None]
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=60", "--quiet", "--assume-yes")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try. Only whether a browser starts afterwards counts, not what the command says of itself."""

    name: str
    command: tuple[str, ...]
    deadline: float  # seconds
    brings_browser: bool = True


def install_browser(environ: Mapping[str, str] = os.environ, *, say: Say = print) -> Browser:
    """Return a browser that starts; install one if there is none. `say` is told what is tried.

    Raises `BrowserUnavailable` when nothing works, or when `$POSTFLIGHT_BROWSER` names a browser that does not start.
    """
    try:
        return find_browser(environ)
    except BrowserUnavailable:
        if environ.get(VARIABLE):
            raise
    tried = []
    for step in steps(privilege()):
        say(f"Browser: {step.name} ...")
        trouble = run(step)
        if trouble:
            tried.append(f"{step.name} ({trouble})")
        elif step.brings_browser:
            with contextlib.suppress(BrowserUnavailable):  # for example downloaded, but libraries are missing
                return find_browser(environ)
            tried.append(f"{step.name} (brought none that starts)")
    raise BrowserUnavailable(
        f"No browser could be installed here; tried {'; '.join(tried) or 'nothing, for want of means'}. "
        f"Install Chromium or Chrome by hand, or set ${VARIABLE} to its path.",
        expected="a browser that starts",
    )


def steps(privileged: tuple[str, ...] | None) -> Iterator[Step]:
    """Yield what to try, in order. `privileged` goes before a command of apt's; None: apt is not usable here."""
    playwright = (sys.executable, "-m", "playwright")
    yield Step("Playwright's headless shell", (*playwright, "install", "--only-shell", "chromium"), 300)
    if privileged is None:
        return
    apt = (*privileged, *APT)
    yield Step("apt's package lists", (*apt, "update"), 180, brings_browser=False)
    yield Step("apt's chromium-headless-shell", (*apt, "install", "chromium-headless-shell"), 600)
    # Ubuntu has no chromium package but a snap's: there, Playwright's shell lacks only libraries
    yield Step("the libraries of Playwright's", (*playwright, "install-deps", "chromium-headless-shell"), 600)
    yield Step("apt's chromium", (*apt, "install", "chromium"), 600)


def privilege() -> tuple[str, ...] | None:
    """Return what goes before a privileged command: nothing for root, else a `sudo` that asks nothing, else None."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ()
    if not shutil.which("sudo"):
        return None
    sudo = ("sudo", "--non-interactive")
    return sudo if run(Step("sudo", (*sudo, "true"), 10)) is None else None


def run(step: Step) -> str | None:
    """Run a step quietly and to an end. Return None when it went well, else why not, in a few words."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        process = subprocess.Popen(  # noqa: S603 - the fixed commands of `steps`
            step.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a refused download is no news: the next step is tried
            stderr=subprocess.DEVNULL,
            env=environ,
            start_new_session=True,
        )
    except OSError as error:
        return error.strerror or str(error)
    try:
        code = process.wait(step.deadline)
    except subprocess.TimeoutExpired:
        return f"not done within {step.deadline:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return None if code == 0 else f"exit code {code}"
