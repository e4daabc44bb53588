"""How the reference platform starts other Python processes of itself."""

import os
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def module_command(module: str) -> list[str]:
    """Return the command that runs this module. `-P` keeps the current folder from shadowing modules."""
    return [sys.executable, "-P", "-m", module]


def module_environment() -> dict[str, str]:
    """Return an environment in which `reference` can be imported from any folder."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
