"""Stage performance against a Next.js production build, beside what the browser's own instruments say: `make nextjs`.

Builds a small application (an image, a component with a click, a page that asks an API) with npm into `.cache/`, starts
`next start` on loopback, runs `pytest -m performance` against it, and visits its pages with DevTools' own protocol:
LCP and layout shifts from the browser's performance timeline, bytes by type from its network events, unused code from
its coverage. Our figures stand beside these, so that a finding can be checked by hand.

    python scripts/nextjs.py [--fault NAME] [--no-stage] [--no-figures] [-- OPTIONS OF PYTEST]
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from postflight.browser.find import find_browser
from postflight.browser.page_figures import measure
from postflight.browser.vitals.profiles import PROFILES, Profile

VERSIONS = {"next": "16.4.6", "react": "19.3.1", "react-dom": "19.3.1"}
FOLDER = Path(".cache") / f"nextjs-{VERSIONS['next']}"
BUILD_DEADLINE = 300.0  # seconds
START_DEADLINE = 30.0
STAGE_DEADLINE = 240.0
PAGES = ("/", "/editor", "/items")
VISITS = 3  # of each page by each profile; the medians are shown
LAYOUT = """export const metadata = { title: "Shop", description: "A small shop" };
export const viewport = { width: "device-width", initialScale: 1 };
export default function Layout({ children }) {
  return <html lang="en"><body style={{ margin: 0, font: "16px sans-serif" }}>
    <nav><a href="/">Start</a> <a href="/editor">Editor</a> <a href="/items">Items</a></nav>
    <main>{children}</main></body></html>;
}
"""
LANDING = """import Image from "next/image";
export default function Start() {
  return <><h1>Everything for the garden</h1>
    <Image src="/hero.png" alt="A garden" width={800} height={480} priority
      style={{ width: "100%", height: "auto" }} />
    <p>Seeds, tools and advice.</p></>;
}
"""
UNSIZED = """export default function Start() {
  return <><h1>Everything for the garden</h1><img src="/hero.png" alt="A garden" />
    <p>Seeds, tools and advice.</p></>;
}
"""
EDITOR = """"use client";
import { useState } from "react";
export default function Editor() {
  const [rows, setRows] = useState([]);
  const add = () => setRows(Array.from({ length: 400 }, (_, number) => `Row ${number + rows.length}`));
  return <><h1>Editor</h1><button id="go" onClick={add}>Add rows</button>
    <ul>{rows.map((row) => <li key={row}>{row}</li>)}</ul></>;
}
"""
ITEMS = """"use client";
import { useEffect, useState } from "react";
export default function Items() {
  const [items, setItems] = useState([]);
  useEffect(() => { fetch("/api/items").then((answer) => answer.json()).then(setItems); }, []);
  return <><h1>Items</h1><ul style={{ minHeight: "30vh" }}>
    {items.map((item) => <li key={item}>{item}</li>)}</ul></>;
}
"""
API = """export const dynamic = "force-dynamic";
export function GET() { return Response.json(["Spade", "Rake", "Hoe"]); }
"""
BLOCKING = """<script src="/blocking.js" />"""
HEAVY = """"use client";
import { useEffect } from "react";
const table = "%s";
export default function Heavy() { useEffect(() => { window.kept = table; }, []); return null; }
"""


def main() -> None:
    """Build, start, verify, and look for ourselves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fault", choices=("unsized-image", "blocking-script", "heavy"), default="")
    parser.add_argument("--no-stage", action="store_true", help="only our figures beside DevTools'")
    parser.add_argument("--no-figures", action="store_true", help="only the stage")
    parser.add_argument("pytest", nargs="*", help="options for pytest, after --")
    given = parser.parse_args()
    write_application(given.fault)
    run_npm()
    code = 0
    with started() as origin:
        print(f"Next.js {VERSIONS['next']}{', ' + given.fault if given.fault else ''} at {origin}")
        if not given.no_stage:
            code = run_stage(origin, given.pytest)
        if not given.no_figures:
            side_by_side(origin)
    sys.exit(code)


# -- the application


def write_application(fault: str) -> None:
    """Write the application's files."""
    landing = UNSIZED if fault == "unsized-image" else LANDING
    layout = LAYOUT.replace("<nav>", BLOCKING + "<nav>") if fault == "blocking-script" else LAYOUT
    if fault == "heavy":
        landing = 'import Heavy from "./heavy";\n' + landing.replace("<h1>", "<Heavy /><h1>")
    files = {
        "package.json": json.dumps({"private": True, "scripts": {"build": "next build"}, "dependencies": VERSIONS}),
        "next.config.mjs": "export default { turbopack: { root: import.meta.dirname } };\n",
        "app/layout.jsx": layout,
        "app/page.jsx": landing,
        "app/heavy.jsx": HEAVY % noise_text(120_000),
        "app/editor/page.jsx": EDITOR,
        "app/items/page.jsx": ITEMS,
        "app/api/items/route.js": API,
        "public/blocking.js": "for (let n = 0; n < 1e8; n++);\n",
    }
    for name, text in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (FOLDER / "public/hero.png").write_bytes(picture(800, 480))


def noise_text(size: int) -> str:
    """Return text that does not compress much."""
    return "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=size))


def picture(width: int, height: int) -> bytes:
    """Return a PNG of coarse noise: grey, with enough bits that it is an LCP candidate."""
    dice = random.Random(1)
    rows = b"".join(b"\0" + bytes(dice.getrandbits(3) << 5 for _ in range(width)) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def run_npm() -> None:
    """Install and build. Ends the script where npm cannot."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm was not found: it comes with Node.js 20 or later")
    environment = os.environ | {"NEXT_TELEMETRY_DISABLED": "1"}
    if not (FOLDER / "node_modules/next").is_dir():
        _npm([npm, "install", "--no-audit", "--no-fund"], environment)
    _npm([npm, "run", "build"], environment)


def _npm(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=BUILD_DEADLINE, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")


@contextlib.contextmanager
def started() -> Iterator[str]:
    """Run `next start` until the block ends; yield its origin."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["node", "node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p", str(port)],
        cwd=FOLDER, env=os.environ | {"NEXT_TELEMETRY_DISABLED": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    origin = f"http://127.0.0.1:{port}"
    try:
        _wait_for(origin, process)
        yield origin
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own group: its workers, too
        process.wait()


def _wait_for(origin: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_DEADLINE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), opener.open(origin, timeout=5) as answer:
            answer.read()
            return
        time.sleep(0.1)
    sys.exit(f"next start did not answer at {origin} within {START_DEADLINE:g} s")


# -- the stage


def run_stage(origin: str, options: list[str]) -> int:
    """Run the stage as anybody would; return pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "-m", "performance", "--base-url", origin, "-q", *options]
    began = time.monotonic()
    code = subprocess.run(command, timeout=STAGE_DEADLINE, check=False).returncode
    print(f"pytest ended with {code} after {time.monotonic() - began:.0f} s")
    return code


# -- DevTools' figures


def side_by_side(origin: str) -> None:
    """Print our figures and DevTools' for every page and profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_browser().launch_options)
        try:
            print(f"\n{'page':10} {'profile':8} {'figure':22} {'ours':>12} {'DevTools':>12}")
            for path in PAGES:
                for profile in PROFILES:
                    url = origin + path
                    ours = _medians([our_figures(browser, url, profile) for _ in range(VISITS)])
                    theirs = _medians([devtools(browser, url, profile) for _ in range(VISITS)])
                    for name in ours | theirs:
                        print(f"{path:10} {profile.name:8} {name:22} {_number(ours, name)} {_number(theirs, name)}")
        finally:
            browser.close()


def _medians(visits: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(visit.get(name, 0.0) for visit in visits) for name in visits[0]}


def _number(figures: dict[str, float], name: str) -> str:
    value = figures.get(name)
    return f"{'-':>12}" if value is None else f"{value:12.4f}" if name == "CLS" else f"{value:12,.0f}"


def our_figures(browser: Browser, url: str, profile: Profile) -> dict[str, float]:
    """Return what our instrument says of one visit."""
    found = measure(browser, url, profile, interact=_click if url.endswith("/editor") else None)
    vitals = found.vitals
    figures = {
        "LCP ms": found.lcp * 1000,
        "CLS": vitals.cls.score,
        "FCP ms": (vitals.fcp or 0.0) * 1000,
        "main thread CPU ms": vitals.work.thread * 1000,
        "DOM elements": vitals.work.elements,
        "bodies, bytes": found.bytes,
        "requests": found.requests,
    }
    if vitals.inp is not None:
        figures["INP ms"] = vitals.inp.seconds * 1000
    return figures


def devtools(browser: Browser, url: str, profile: Profile) -> dict[str, float]:
    """Return what the browser's own instruments say of one visit, through the raw protocol, with nothing of ours."""
    with browser.new_context(**profile.context_options) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        seen: dict[str, list[dict[str, Any]]] = {}
        _listen(session, seen)
        profile.slow_network(session)
        page.goto(url)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
        coverage = session.send("Profiler.takePreciseCoverage")["result"]
        elements = page.evaluate("document.querySelectorAll('*').length")
        origin_time = page.evaluate("performance.timeOrigin") / 1000
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return {
        **_timeline(seen.get("PerformanceTimeline.timelineEventAdded", []), origin_time),
        "FCP ms": painted,
        "main thread CPU ms": metrics["TaskDuration"] * 1000,
        "DOM elements": elements,
        **_traffic(seen),
        **_coverage(coverage),
    }


def _listen(session: CDPSession, seen: dict[str, list[dict[str, Any]]]) -> None:
    for event in ("Network.responseReceived", "Network.loadingFinished", "PerformanceTimeline.timelineEventAdded"):
        session.on(event, lambda told, name=event: seen.setdefault(name, []).append(told))
    session.send("Network.enable")
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("PerformanceTimeline.enable", {"eventTypes": ["largest-contentful-paint", "layout-shift"]})
    session.send("Profiler.enable")
    session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})


def _timeline(events: list[dict[str, Any]], origin_time: float) -> dict[str, float]:
    entries = [told["event"] for told in events]
    paints = [entry["time"] for entry in entries if entry["type"] == "largest-contentful-paint"]
    shifts = [
        entry["layoutShiftDetails"]["value"]
        for entry in entries
        if entry["type"] == "layout-shift" and not entry["layoutShiftDetails"]["hadRecentInput"]
    ]
    # all shifts of a load are one session window: they come within 5 s
    return {"LCP ms": (max(paints, default=origin_time) - origin_time) * 1000, "CLS": sum(shifts)}


def _traffic(seen: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    heads = {told["requestId"]: told for told in seen.get("Network.responseReceived", [])}
    sizes: Counter[str] = Counter()
    bodies = requests = 0
    for told in seen.get("Network.loadingFinished", []):
        head = heads.get(told["requestId"])
        if head is None or head["response"]["url"].startswith("data:"):
            continue
        requests += 1
        sizes[head["type"]] += int(told["encodedDataLength"])
        bodies += int(told["encodedDataLength"] - head["response"]["encodedDataLength"])
    by_type = {f"transfer, {kind}": float(size) for kind, size in sorted(sizes.items())}
    return {"bodies, bytes": bodies, "requests": requests, **by_type}


def _coverage(scripts: list[dict[str, Any]]) -> dict[str, float]:
    """Return how many characters of JavaScript there are, and how many of them never ran (innermost range decides)."""
    total = unused = 0
    for script in scripts:
        if not script["url"].startswith("http"):
            continue
        ranges = [each for function in script["functions"] for each in function["ranges"]]
        length = max((each["endOffset"] for each in ranges), default=0)
        ran = bytearray(b"\1") * length
        for each in sorted(ranges, key=lambda one: (one["startOffset"], -one["endOffset"])):
            ran[each["startOffset"] : each["endOffset"]] = bytes([bool(each["count"])]) * (
                each["endOffset"] - each["startOffset"]
            )
        total += length
        unused += length - sum(ran)
    return {"JavaScript, characters": total, "JavaScript, unused": unused}


def _click(page: Page) -> None:
    page.locator("#go").click()


if __name__ == "__main__":
    main()
