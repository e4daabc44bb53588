"""Draw the pictures of the README from real runs: `python scripts/pictures.py`. They land in docs/pictures/."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from postflight.browser.find import find_browser
from postflight.reference_process import READY_VARIABLE, reference_platform

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
FAULTS = ("slow-edit-sync", "version-skew")
COLUMNS = 112


def run_gate(reports: Path, faults: tuple[str, ...]) -> str:
    """Run the gate against the reference platform and return what it printed, colours included."""
    command = [sys.executable, "-c", "from postflight.cli import main; main()", "gate", "--stage", "smoke"]
    planted = [part for fault in faults for part in ("--fault", fault)]
    with reference_platform(planted) as ready:
        environment = {**os.environ, READY_VARIABLE: ready, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
        done = subprocess.run(
            [*command, "--reports", str(reports)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    return "$ postflight gate --stage smoke\n" + done.stdout.replace(str(reports), "reports")


def terminal_svg(output: str) -> str:
    """Return terminal output as a picture of a terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(output))
    return console.export_svg(title="postflight")


def main() -> None:
    """Draw all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_browser().launch_options)
        page = browser.new_page(device_scale_factor=1.5, viewport={"width": 1420, "height": 900})
        for name, faults in (("promote", ()), ("rollback", FAULTS)):
            page.set_content(f"<body style='margin:0'>{terminal_svg(run_gate(Path(folder) / name, faults))}</body>")
            page.locator("svg").first.screenshot(path=PICTURES / f"terminal-{name}.png")
        page.goto((Path(folder) / "rollback" / "report.html").as_uri())
        page.set_viewport_size({"width": 1180, "height": 1080})
        page.screenshot(path=PICTURES / "report.png")
        browser.close()


if __name__ == "__main__":
    main()
