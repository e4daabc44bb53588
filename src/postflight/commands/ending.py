"""How a command that decides comes to its end: with a verdict's exit code, whatever happens."""

import errno
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from rich.console import Console

from postflight.commands.remember import remember
from postflight.errors import PostflightError
from postflight.model import Decision, ExitCode
from postflight.report import terminal
from postflight.report.document import Document


def end_with_verdict(name: str, console: Console, decide: Callable[[], Document]) -> NoReturn:
    """Run `decide` and exit with its verdict. What breaks in us is an invalid measurement, never a verdict."""
    try:
        with polite_end():
            doc = decide()
            remember(name, doc, console)
    except (PostflightError, KeyboardInterrupt) as error:
        _say_invalid(console, str(error) or "interrupted before anything was decided")
        sys.exit(ExitCode.INVALID)
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            _say_broken(console, name)
        else:  # a full disk, a folder that may not be written: of this host, and no defect
            _say_invalid(console, f"{error}: can files be written there (--reports), and is there room?")
        sys.exit(ExitCode.INVALID)
    except Exception:  # noqa: BLE001 - whatever it is, it must not look like an answer about the deployment
        _say_broken(console, name)
        sys.exit(ExitCode.INVALID)
    sys.exit(doc.exit_code)


def _say_broken(console: Console, name: str) -> None:
    console.print_exception(width=120, show_locals=False)
    _say_invalid(console, f"the {name} itself broke: this is a defect of Postflight, please report it")


def _say_invalid(console: Console, words: str) -> None:
    console.print(terminal.plain(f"INVALID  {words}", terminal.STYLE[Decision.INVALID]))


@contextmanager
def polite_end() -> Iterator[None]:
    """Let a cancelled job (SIGTERM) end as Ctrl-C does: what was created is cleaned up.

    A shell starts its background jobs with Ctrl-C's signal ignored, so that one is set too.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
