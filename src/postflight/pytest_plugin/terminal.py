"""What the plugin prints: the verdict, last, and nothing with a secret in it."""

import io
import os
from typing import Any, TextIO

import pytest
from rich.console import Console

from postflight.pytest_plugin.run import Run
from postflight.redact import Redactor
from postflight.report import terminal
from postflight.stage_process import STAGE_VARIABLE


class RedactingFile(io.TextIOBase):
    """A text file that takes secrets out of whatever is written, also of tracebacks that nobody foresaw."""

    def __init__(self, file: TextIO, redactor: Redactor) -> None:
        self._file = file
        self._redactor = redactor

    def write(self, text: str) -> int:
        """Write text without secrets."""
        self._file.write(self._redactor.text(text))
        return len(text)

    def flush(self) -> None:
        """Flush the file beneath."""
        self._file.flush()

    def isatty(self) -> bool:
        """Say whether the file beneath is a terminal."""
        return self._file.isatty()

    def fileno(self) -> int:
        """Return the descriptor beneath."""
        return self._file.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed declares a plain attribute
        """Return the encoding of the file beneath."""
        return self._file.encoding


def redact_output(config: pytest.Config, redactor: Redactor) -> None:
    """Let everything that pytest prints pass through the redactor."""
    writer: Any = config.get_terminal_writer()
    writer._file = RedactingFile(writer._file, redactor)  # noqa: SLF001 - it offers no other way


def show(reporter: pytest.TerminalReporter, run: Run) -> None:
    """Print the verdict and its reasons."""
    if run.document is None or STAGE_VARIABLE in os.environ:
        return
    writer: Any = reporter.config.get_terminal_writer()
    reporter.section("Postflight", sep="=", bold=True)
    console = Console(file=writer._file, force_terminal=writer.hasmarkup, width=max(writer.fullwidth, 100))  # noqa: SLF001
    note = f"{len(run.planned)} checks were not run: the preflight failed" if run.grounded else ""
    terminal.show(console, run.document, reports=str(run.reports), note=note)
