"""Draw the pictures of the README from real runs: `python scripts/pictures.py`. They land in docs/pictures/."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from postflight.browser.find import find_browser
from postflight.reference_process import READY_VARIABLE, reference_platform

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
FAULTS = ("slow-edit-sync", "version-skew")
COLUMNS = 112
REPORTED = ("smoke", "security", "performance")  # stages, and faults among them, of the report's pictures
REPORTED_FAULTS = ("slow-edit-sync", "csp-wildcard", "csp-missing-on-404", "slow-asset", "contrast-low")
VIEWS = {  # name -> width, height, colour scheme
    "report": (1180, 1080, "light"),
    "report-dark": (1180, 1080, "dark"),
    "report-phone": (390, 844, "light"),
}


def run_gate(reports: Path, faults: tuple[str, ...], stages: tuple[str, ...] = ("smoke",)) -> str:
    """Run the gate against the reference platform and return what it printed, colours included."""
    chosen = [part for stage in stages for part in ("--stage", stage)]
    command = [sys.executable, "-c", "from postflight.cli import main; main()", "gate", *chosen]
    planted = [part for fault in faults for part in ("--fault", fault)]
    with reference_platform(planted) as ready:
        environment = {**os.environ, READY_VARIABLE: ready, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
        done = subprocess.run(
            [*command, "--reports", str(reports), "--history", str(reports.parent / "history.sqlite3")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=420,
            check=False,
        )
    return "$ postflight gate --stage smoke\n" + done.stdout.replace(str(reports), "reports")


def terminal_svg(output: str) -> str:
    """Return terminal output as a picture of a terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(output))
    return console.export_svg(title="postflight")


def draw_report(browser: Browser, report: Path) -> None:
    """Draw the top of a report: light, dark and on a phone."""
    for name, (width, height, scheme) in VIEWS.items():
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1.5
        )
        page = context.new_page()
        page.goto(report.as_uri())
        page.screenshot(path=PICTURES / f"{name}.png")
        context.close()


def main() -> None:
    """Draw all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**find_browser().launch_options)
        page = browser.new_page(device_scale_factor=1.5, viewport={"width": 1420, "height": 900})
        for name, faults in (("promote", ()), ("rollback", FAULTS)):
            page.set_content(f"<body style='margin:0'>{terminal_svg(run_gate(Path(folder) / name, faults))}</body>")
            page.locator("svg").first.screenshot(path=PICTURES / f"terminal-{name}.png")
        run_gate(Path(folder) / "report", REPORTED_FAULTS, REPORTED)
        draw_report(browser, Path(folder) / "report" / "report.html")
        browser.close()


if __name__ == "__main__":
    main()
