"""A browser in which somebody has signed in, for a tool that is a process of its own and comes by the debugging port.

So the session is in the browser only: on no command line, in no file of headers, in nothing that the tool writes down.
The port is open on loopback while the tool runs, and no web page may connect to it (Chromium refuses any with an
`Origin`). Playwright lets go of the browser before the tool comes: two that steer a page would disturb each other.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Playwright

from postflight.browser.find import Browser
from postflight.browser.visitor import DEADLINE, sign_in
from postflight.errors import BrowserUnavailable
from postflight.model import Account
from postflight.redact import Redactor

START_DEADLINE = 20.0  # seconds for a browser to open its port
LOOK = 0.05  # seconds between two looks at whether it has
SHORTEST_TOKEN = 16  # characters; what is shorter is a setting, not a session
STEADY = (  # as Lighthouse starts its own: a page in the background is not slowed down
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--mute-audio",
)


@contextlib.contextmanager
def signed_in_browser(
    playwright: Playwright,
    browser: Browser,
    base_url: str,
    account: Account,
    redactor: Redactor,
    *,
    flags: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Start a browser, sign in through the page, and yield the port; the browser ends with the block.

    `flags` are more arguments for the browser, `headers` are sent while signing in. What the session is known by is
    told to the redactor. Raises `BrowserUnavailable`, and what signing in raises.
    """
    with debuggable(browser, flags) as address:
        steering = playwright.chromium.connect_over_cdp(address)
        try:
            context = steering.contexts[0]
            page = context.pages[0]  # the one that it has opened
            page.set_default_timeout(DEADLINE)
            page.set_extra_http_headers(dict(headers or {}))
            sign_in(page, base_url, account)
            state = context.storage_state()
            page.goto("about:blank")  # instead of `Page.close`, which may never return
        finally:
            steering.close()  # of a browser that it did not start, it only lets go
        kept = [item["value"] for origin in state["origins"] for item in origin["localStorage"]]
        for value in (*(cookie["value"] for cookie in state["cookies"]), *kept):
            if len(value) >= SHORTEST_TOKEN:
                redactor.add(value, "of a session")
        yield int(address.split(":")[2].partition("/")[0])


@contextlib.contextmanager
def debuggable(browser: Browser, flags: Sequence[str] = ()) -> Iterator[str]:
    """Start a browser with a debugging port of its own choice, and yield the port's WebSocket address."""
    with tempfile.TemporaryDirectory(prefix="postflight-signed-in-", ignore_cleanup_errors=True) as profile:
        port = ("--remote-debugging-port=0", f"--user-data-dir={profile}")
        command = [browser.executable, "--headless", *port, *browser.args, *STEADY, *flags, "about:blank"]
        try:
            process = subprocess.Popen(  # noqa: S603 - the browser that everything else uses
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that its helpers end with it
            )
        except OSError as error:
            raise BrowserUnavailable(f"{browser.executable} cannot be started: {error.strerror or error}") from error
        try:
            yield _address(process, Path(profile) / "DevToolsActivePort", browser)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen[bytes], file: Path, browser: Browser) -> str:
    """Wait for the file that a browser writes: the port, and the path of its own address."""
    give_up = time.monotonic() + START_DEADLINE
    while process.poll() is None and time.monotonic() < give_up:
        lines = file.read_text().splitlines() if file.is_file() else []
        if len(lines) == 2:  # it may be read before it is whole
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(LOOK)
    ended = process.returncode
    how = f"ended with exit code {ended}" if ended is not None else f"opened none within {START_DEADLINE:g} s"
    raise BrowserUnavailable(
        f"{browser.executable} was asked for a debugging port and {how}",
        expected="a browser with a debugging port",
        seen=how,
        where=browser.executable,
    )
