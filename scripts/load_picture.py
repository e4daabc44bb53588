"""Draw docs/pictures/load.png from a real run: `python scripts/load_picture.py`. Locust's web UI, page /budgets."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from postflight.browser.find import find_browser

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "load.png"
FORM = {"user_classes": "Landing", "shape_class": "Smoke", "user_count": "1", "spawn_rate": "1", "rate": "40"}
DEADLINE = 60.0  # seconds


@contextlib.contextmanager
def web_ui(reports: str) -> Iterator[str]:
    """Run `locust` against the reference platform and yield the address of its web UI."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "locust", "--web-host=127.0.0.1", f"--web-port={port}", f"--reports={reports}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(DEADLINE)


def wait_for(url: str) -> None:
    """Wait until something answers there."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def main() -> None:
    """Play a run of the landing page, and draw what its page shows at the end."""
    with web_ui("reports/load") as base, sync_playwright() as playwright:
        wait_for(f"{base}/budgets")
        browser = playwright.chromium.launch(**find_browser().launch_options)
        page = browser.new_page(device_scale_factor=1.5, viewport={"width": 1080, "height": 700})
        page.goto(f"{base}/budgets")
        urllib.request.urlopen(f"{base}/swarm", data=urllib.parse.urlencode(FORM).encode(), timeout=10).close()
        page.locator(".verdict").wait_for(timeout=DEADLINE * 1000)
        page.screenshot(path=PICTURE, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
