"""Set up `.venv`: the one thing that `make` needs before anything of the project can run.

    python3 scripts/bootstrap.py suite     # what the suites and the reference platform need
    python3 scripts/bootstrap.py dev       # that, and the tools that check this project itself
    python3 scripts/bootstrap.py lock      # compile requirements/*.txt from pyproject.toml (needs uv)

Only the standard library is used here, and no syntax that an older Python 3 would refuse before it can say that it is
too old. A second call finds its stamp and does nothing; two at once wait for each other.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
SETS = {"suite": ("reference",), "dev": ("reference", "dev")}  # name -> extras of pyproject.toml
INSTALL_DEADLINE = 900  # seconds for one command
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=60", "--quiet", "--assume-yes")


class SetupError(Exception):
    """Set-up cannot go on. The text says why, and what to do."""


class Venv:
    """The virtual environment of one checkout, and the stamp that says what is in it."""

    def __init__(self, root: Path, folder: str = ".venv") -> None:
        self.root = root
        self.path = self.root / folder
        self.python = self.path / "bin" / "python"
        self.stamp = self.path / "postflight.json"

    def requirements(self, name: str) -> Path:
        """Return the path of a set's lock file."""
        return self.root / "requirements" / f"{name}.txt"

    def digest(self, name: str) -> str:
        """Return what a set's installation depends on, as one hash: its lock file and how this project is packaged."""
        hashed = hashlib.sha256()
        for path in (self.requirements(name), self.root / "pyproject.toml", Path(__file__)):
            hashed.update(path.read_bytes())
        return hashed.hexdigest()

    def read_stamp(self) -> dict[str, Any]:
        """Return `{"root": ..., "sets": {name: digest}}`; empty when there is none that can be read."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) and isinstance(stamp.get("sets"), dict) else {}

    def has(self, name: str) -> bool:
        """Whether a set is installed as its lock file says. `dev` holds all of `suite`."""
        stamp = self.read_stamp()
        if stamp.get("root") != str(self.root) or not self.python.exists():
            return False
        wider = [other for other in SETS if set(SETS[name]) <= set(SETS[other])]
        return any(stamp["sets"].get(other) == self.digest(other) for other in wider)

    def mark(self, name: str) -> None:
        """Write the stamp: this set is complete."""
        sets = {**self.read_stamp().get("sets", {}), name: self.digest(name)}
        draft = self.stamp.with_suffix(".draft")
        draft.write_text(json.dumps({"root": str(self.root), "sets": sets}), encoding="utf-8")
        draft.replace(self.stamp)


def ensure(venv: Venv, name: str) -> None:
    """Bring `.venv` to a set's lock file, unless it is there already."""
    if venv.has(name):
        return
    with only_one(venv.root / ".cache" / "bootstrap.lock"):
        if venv.has(name):  # whoever held the lock did it
            return
        started = time.monotonic()
        say(f"Setting up {venv.path.name} ({name}) ...")
        uv = find_uv()
        create(venv, uv)
        # compiled once, as pip does by itself: else a start may have to compile all that it imports
        pip = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(venv.python)] if uv else [
            str(venv.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        ]  # fmt: skip
        # wheels only: building a source archive would fetch build tools that no hash vouches for
        wheels = ["--no-build"] if uv else ["--only-binary", ":all:"]
        run([*pip, *wheels, "--require-hashes", "-r", str(venv.requirements(name))])
        run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(venv.root)])
        venv.mark(name)
        say(f"Set up in {time.monotonic() - started:.0f} s.")


def create(venv: Venv, uv: str | None) -> None:
    """Make the virtual environment, unless there is one of this checkout that works with the installer at hand."""
    moved = venv.read_stamp().get("root", str(venv.root)) != str(venv.root)  # its scripts name the old place
    usable = venv.python.exists() and not moved and works([str(venv.python), "-c", VERSION_CHECK])
    if usable and (uv or works([str(venv.python), "-m", "pip", "--version"])):
        return
    if uv:
        run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(venv.path)])
        return
    ensure_ensurepip()
    run([sys.executable, "-m", "venv", "--clear", str(venv.path)])


def ensure_ensurepip() -> None:
    """Debian packs `ensurepip` apart, in python3-venv: install it where that needs no password, else say so."""
    if works([sys.executable, "-c", "import ensurepip, venv"]):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    apt = privileged_apt()
    if apt:
        say(f"Installing {package}, which {sys.executable} lacks ...")
        with contextlib.suppress(SetupError):
            run([*apt, "update"], quiet=True)
            run([*apt, "install", package], quiet=True)
    if not works([sys.executable, "-c", "import ensurepip, venv"]):
        raise SetupError(
            f"{sys.executable} cannot make a virtual environment (no ensurepip). "
            f"Install {package} (`apt-get install {package}`) or uv, and run this again."
        )


def privileged_apt() -> list[str]:
    """Return the beginning of an apt-get command that may install, or an empty list."""
    if not shutil.which("apt-get"):
        return []
    if os.geteuid() == 0:
        return list(APT)
    if shutil.which("sudo") and works(["sudo", "--non-interactive", "true"]):
        return ["sudo", "--non-interactive", *APT]
    return []


def lock(root: Path) -> None:
    """Compile both lock files: all platforms, hashes, and no trace of which index or machine they were made on."""
    import tomllib  # not at the top: an older Python is refused in a sentence, not with a traceback

    uv = find_uv()
    if not uv:
        raise SetupError("`make lock` needs uv, and it is not on PATH.")
    builders = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    for name, extras in SETS.items():
        target = root / "requirements" / f"{name}.txt"
        command = [
            uv, "pip", "compile", "--quiet", "--no-config", "--universal", "--generate-hashes",
            "--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links",
            "--no-header", "--no-annotate", "--no-build",
            *(f"--extra={extra}" for extra in extras), "--output-file", str(target.relative_to(root)),
            *(["--constraints", "requirements/suite.txt"] if name != "suite" else []),
            "pyproject.toml", "-",
        ]  # fmt: skip
        run(command, text="\n".join(builders), cwd=root, environ=without_indexes(os.environ))
        compiled = target.read_text(encoding="utf-8")
        if "://" in compiled or "--find-links" in compiled:
            raise SetupError(f"{target} names an address; it must not.")
        packages = sum(not line.startswith((" ", "#")) for line in compiled.splitlines())
        say(f"{target.relative_to(root)}: {packages} packages")


def without_indexes(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what points uv or pip to other indexes than the default one."""
    return {
        key: value
        for key, value in environ.items()
        if not key.startswith(("PIP_", "UV_INDEX", "UV_FIND_LINKS", "UV_EXTRA"))
    }


VERSION_CHECK = f"import sys; sys.exit(sys.version_info < {OLDEST})"


def find_uv() -> str | None:
    """Return uv, if there is one that runs: a version manager's shim may be all that is there."""
    uv = shutil.which("uv")
    return uv if uv and works([uv, "--version"]) else None


def newest_python() -> str | None:
    """Return a Python on PATH that is new enough, or None."""
    for minor in (13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found and works([found, "-c", VERSION_CHECK]):
            return found
    return None


@contextlib.contextmanager
def only_one(path: Path, deadline: float = 2 * INSTALL_DEADLINE) -> Iterator[None]:
    """Hold a lock file for the time of the block; wait for another holder, with a deadline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        end, told = time.monotonic() + deadline, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    say("Waiting for another set-up of this checkout ...")
                    told = True
                if time.monotonic() > end:
                    raise SetupError(
                        f"Another set-up holds {path} for more than {deadline:g} s. End it first."
                    ) from None
                time.sleep(0.2)
        yield


def run(
    command: Sequence[str],
    *,
    quiet: bool = False,
    text: str | None = None,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Run a command to its end or the deadline. Raises `SetupError`."""
    shown = " ".join(command)
    if len(shown) > 300:
        shown = shown[:300] + " ..."
    output = subprocess.DEVNULL if quiet else None
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            cwd=cwd,
            env=environ or {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            start_new_session=True,
        )
    except OSError as error:
        raise SetupError(f"`{shown}` could not be started: {error.strerror}.") from error
    try:
        process.communicate(text.encode() if text is not None else None, timeout=INSTALL_DEADLINE)
    except subprocess.TimeoutExpired:
        raise SetupError(f"`{shown}` was not done within {INSTALL_DEADLINE} s.") from None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode != 0:
        raise SetupError(f"`{shown}` failed with exit code {process.returncode}; what it said is above.")


def works(command: Sequence[str]) -> bool:
    """Whether a command ends well within ten seconds."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def say(text: str) -> None:
    """Tell the person who waits. On stderr: stdout belongs to what is run afterwards."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(arguments: list[str]) -> int:
    """Run one of the set-ups; exit code 30 (the verdict `invalid`) when it cannot be done."""
    if sys.version_info < OLDEST:
        newer = newest_python()
        if newer:
            os.execv(newer, [newer, __file__, *arguments])
        seen = ".".join(map(str, sys.version_info[:3]))
        say(
            f"postflight needs Python 3.11 or newer and {sys.executable} is {seen}. "
            "Install one, or name it: `make PYTHON=...`."
        )
        return 30
    parser = argparse.ArgumentParser(description="Set up what make needs.")
    parser.add_argument("what", choices=[*SETS, "lock"])
    what = parser.parse_args(arguments).what
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that `finally` ends the children
    try:
        lock(ROOT) if what == "lock" else ensure(Venv(ROOT), what)
    except SetupError as error:
        say(f"postflight: {error}")
        return 30
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
