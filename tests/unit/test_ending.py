"""How a command that decides ends when something of this host breaks: invalid, in a sentence."""

import errno
from typing import NoReturn

import pytest
from rich.console import Console

from postflight.commands.ending import end_with_verdict
from postflight.model import ExitCode


def ended(error: Exception) -> str:
    def fail() -> NoReturn:
        raise error

    console = Console(width=200, record=True)
    with pytest.raises(SystemExit) as end:
        end_with_verdict("gate", console, fail)
    assert end.value.code == ExitCode.INVALID
    return console.export_text()


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "Permission denied", "/r")],
)
def test_a_disk_that_is_full_or_closed_to_us_is_told_in_a_sentence(error: OSError) -> None:
    text = ended(error)
    assert "is there room?" in text
    assert str(error.strerror) in text
    assert "Traceback" not in text
    assert "defect of Postflight" not in text


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "Broken pipe"), KeyError("x")])
def test_anything_else_is_a_defect_of_ours(error: Exception) -> None:
    assert "defect of Postflight" in ended(error)
