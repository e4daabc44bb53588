"""Lighthouse on the same pages, from npm into a folder of the cache."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from postflight.browser.find import find_browser

VERSION = "13.5.0"
DEADLINE = 120.0  # seconds of a run
FOLDER = Path(".cache") / f"lighthouse-{VERSION}"


class Missing(Exception):
    """Lighthouse is not here, and why."""


def install() -> Path:
    """Return Lighthouse's own command, installed on the first call. Raises `Missing`."""
    command = FOLDER / "node_modules" / ".bin" / "lighthouse"
    npm = shutil.which("npm")
    if not command.is_file():
        if npm is None:
            raise Missing("no npm on PATH")
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text(json.dumps({"private": True, "dependencies": {"lighthouse": VERSION}}))
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund"],
            cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if not command.is_file():
            raise Missing(f"npm install: {done.stderr[-300:]}")
    return command.resolve()


def score(command: Path, url: str) -> float:
    """Return the performance score of one run, 0 to 100. Raises `Missing` when Lighthouse gives none."""
    found = find_browser()
    flags = " ".join(("--headless", *found.args))
    done = subprocess.run(
        [str(command), url, "--only-categories=performance", "--output=json", "--quiet", f"--chrome-flags={flags}"],
        env=os.environ | {"CHROME_PATH": found.executable},
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    try:
        told = json.loads(done.stdout)["categories"]["performance"]["score"]
    except (ValueError, KeyError) as error:
        raise Missing(f"no report: {done.stderr[-300:]}") from error
    if told is None:
        raise Missing("its report has no score")
    return float(told) * 100
