"""What is kept when a browser test fails: a screenshot, Playwright's trace, and logs of console and network.

Recording is on for every test, because a failure cannot be asked to happen again: with snapshots but no film it
costs about 25 ms a test. What is kept goes through the redactor, and reaches the reports folder only after that.
"""

import hashlib
import re
import tempfile
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response
from playwright.sync_api import Error as PlaywrightError

from postflight.browser.trace import clean_trace
from postflight.browser.trouble import cut

MAX_LINES = 500  # of each log; the newest stay
MAX_PAGES = 3  # screenshots of one test
MAX_TRACE = 50_000_000  # bytes
MAX_NAME = 80
DEADLINE = 5000.0  # milliseconds for a screenshot
PASSWORDS = "input[type=password], input[autocomplete*=password i], input[name*=password i]"


class Redacts(Protocol):
    """Takes secrets out of what is kept."""

    def text(self, text: str, /) -> str:
        """Return the text without secrets."""

    def zip(self, path: Path, /) -> object:
        """Take the secrets out of an archive, in place."""


class Recorder:
    """Records one context from its construction until `keep` or `discard`, one of which must be called."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._console: deque[str] = deque(maxlen=MAX_LINES)
        self._network: deque[str] = deque(maxlen=MAX_LINES)
        context.on("console", self._on_console)
        context.on("response", self._on_response)
        context.on("requestfailed", self._on_failed)
        context.tracing.start(screenshots=False, snapshots=True, sources=False)

    def discard(self) -> None:
        """End the recording of a test that passed, and keep nothing."""
        self._context.tracing.stop()

    def keep(self, reports: Path, node_id: str, redactor: Redacts) -> tuple[str, ...]:
        """End the recording and write what there is to `reports/evidence/<test>/`; return paths relative to `reports`.

        A part that cannot be had (a page that hangs, a trace that is too large) is named in `console.log`. Errors of
        the redactor pass through, and then nothing unredacted was written.
        """
        folder = Path("evidence") / safe_name(node_id)
        (reports / folder).mkdir(parents=True, exist_ok=True)
        kept = [
            folder / name for name in (*self._screenshots(reports / folder), *self._trace(reports / folder, redactor))
        ]
        for name, lines in (("console.log", self._console), ("network.log", self._network)):
            if lines:
                text = redactor.text("\n".join(lines) + "\n")
                (reports / folder / name).write_text(text, encoding="utf-8")
                kept.append(folder / name)
        return tuple(path.as_posix() for path in kept)

    def _screenshots(self, folder: Path) -> list[str]:
        names = []
        pages = [page for page in self._context.pages if not page.is_closed()]
        for number, page in enumerate(pages[:MAX_PAGES], start=1):
            name = "screenshot.png" if number == 1 else f"screenshot-{number}.png"
            try:
                page.screenshot(path=folder / name, timeout=DEADLINE, mask=[page.locator(PASSWORDS)])
                names.append(name)
            except PlaywrightError as error:
                self._note(f"no screenshot of {page.url}: {_first_line(error)}")
        return names

    def _trace(self, folder: Path, redactor: Redacts) -> list[str]:
        with tempfile.TemporaryDirectory(prefix="postflight-trace-") as temporary:
            raw, cleaned = Path(temporary) / "raw.zip", Path(temporary) / "trace.zip"
            try:
                self._context.tracing.stop(path=raw)
            except PlaywrightError as error:
                self._note(f"no trace: {_first_line(error)}")
                return []
            if raw.stat().st_size > MAX_TRACE:
                self._note(f"no trace: its {raw.stat().st_size} bytes are more than {MAX_TRACE}")
                return []
            clean_trace(raw, cleaned)
            redactor.zip(cleaned)
            (folder / "trace.zip").write_bytes(cleaned.read_bytes())
        return ["trace.zip"]

    def _note(self, text: str) -> None:
        self._console.append(f"{_clock()} postflight: {cut(text)}")

    def _on_console(self, message: ConsoleMessage) -> None:
        self._console.append(f"{_clock()} {message.type}: {cut(message.text)} ({cut(_address(message.page))})")

    def _on_response(self, response: Response) -> None:
        self._network.append(f"{_clock()} {response.status} {response.request.method} {cut(response.url)}")

    def _on_failed(self, request: Request) -> None:
        self._network.append(f"{_clock()} {request.failure or 'failed'} {request.method} {cut(request.url)}")


def safe_name(node_id: str) -> str:
    """Return a name for files: bounded, without path or shell characters, and different for different tests."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", node_id).strip("-")[-MAX_NAME:].strip("-")
    return f"{readable}-{hashlib.sha256(node_id.encode()).hexdigest()[:8]}".lstrip("-")


def _address(page: Page | None) -> str:
    return page.url if page else "no page"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["unknown"])[0]


def _clock() -> str:
    return datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
