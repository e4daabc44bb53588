"""What the end-to-end tests share: the real gate over a little suite, and whether it leaves anything behind."""

import os
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from postflight.browser.find import find_browser
from tests.conftest import ROOT, Result, run_process

POSTFLIGHT = (sys.executable, "-c", "from postflight.cli import main; main()")
CONFTEST = 'pytest_plugins = ["postflight.pytest_plugin"]\n'
CONFIGURATION = '[tool.pytest.ini_options]\naddopts = ["--strict-markers", "-p", "no:cacheprovider"]\n'
NO_BUDGETS = "version: 1\nplatforms: {}\n"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright for one module: pytest-playwright's own leaves a running loop to all tests that follow."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The Chromium that is used here, launched once a module."""
    browser = playwright.chromium.launch(**find_browser().launch_options)
    yield browser
    browser.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the gate runs, with a folder for temporary files of its own that must be empty when it is over."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "suite").mkdir()
    return tmp_path / "suite"


@pytest.fixture
def run_gate(folder: Path) -> Callable[..., Result]:
    """`run_gate({"smoke": source, ...}, *arguments)`: the gate over stages of one module each, as a user runs it."""

    def run(stages: dict[str, str], *arguments: str, env: dict[str, str] | None = None, **files: str) -> Result:
        for stage, source in stages.items():
            (folder / stage).mkdir(exist_ok=True)
            (folder / stage / "test_it.py").write_text(
                f"import os, signal, threading, pytest\npytestmark = pytest.mark.{stage}\n{source}\n"
            )
        (folder / "conftest.py").write_text(files.get("conftest", CONFTEST))
        (folder / "pyproject.toml").write_text(CONFIGURATION)
        (folder / "deployments.yaml").write_text(files.get("deployments") or (ROOT / "deployments.yaml").read_text())
        (folder / "budgets.yaml").write_text(files.get("budgets", NO_BUDGETS))
        temporary = {"TMPDIR": str(folder.parent / "tmp")}
        command = [*POSTFLIGHT, "gate", *arguments]
        return run_process(*command, reports=folder / "reports", cwd=folder, env=temporary | (env or {}))

    return run


def is_gone(pid: int, within: float = 10.0) -> bool:
    """Whether a process has ended, `within` seconds at most: a kill is not over when it is sent."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within)[0])
    finally:
        os.close(descriptor)
