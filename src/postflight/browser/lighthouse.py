"""Lighthouse through its own npm package: where it is, how it is brought here, and one bounded run of it."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from postflight.browser.find import Browser
from postflight.errors import CannotMeasure, NotEnoughEvidence
from postflight.run_id import new_run_id

VERSION = "13.5.0"
INTEGRITY = "sha512-w/yYIwg7mP9pCwkcbAXRztnvKHua2dJnZaNptPLa1cEw+akr6lbsIDiUOLsQwvaiAUr0xvxdmwvAzl3pj3Np0A=="
"""Of the package's archive. npm holds every package against what its registry says; this one also against us."""

VARIABLE = "POSTFLIGHT_LIGHTHOUSE"  # the path of an executable that is used instead
MARK = "POSTFLIGHT_LIGHTHOUSE_RUN"  # by which all processes of a run are found, also those in sessions of their own
REMEDY = "Run `postflight lighthouse install` (it needs Node 22.19 or newer with npm)"
RUN_DEADLINE = 90.0  # seconds for one run
LOAD_DEADLINE = 30.0  # seconds for the page to load in it; Lighthouse warns when it took longer, and the run is invalid
INSTALL_DEADLINE = 300.0  # seconds
GRACE = 5.0  # seconds for Lighthouse to end its browser
MAX_REPORT = 8_000_000  # bytes of each file
MAX_WORDS = 400


@dataclass(frozen=True, slots=True)
class Lighthouse:
    """A Lighthouse that can be run: what its command line begins with."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """What one run has written."""

    json: bytes
    html: bytes


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of this version: below `$XDG_CACHE_HOME`, or `~/.cache`."""
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".cache"
    return Path(cache) / "postflight" / f"lighthouse-{VERSION}"


def find_lighthouse(environ: Mapping[str, str] = os.environ) -> Lighthouse:
    """Return the Lighthouse that is here. Raises `NotEnoughEvidence`: without it, there is no score and no claim."""
    if explicit := environ.get(VARIABLE):
        if not os.access(explicit, os.X_OK):
            raise CannotMeasure(f"${VARIABLE} names {explicit}, which is no executable", where=explicit)
        return Lighthouse((explicit,))
    script = home(environ) / "node_modules" / "lighthouse" / "cli" / "index.js"
    node = _tool("node", environ)
    if node is None or not script.is_file():
        missing = "Node" if node is None else f"Lighthouse {VERSION}"
        raise NotEnoughEvidence(
            f"{missing} is not here, so there is no score. {REMEDY}", expected=f"Lighthouse {VERSION}", seen="none"
        )
    return Lighthouse((node, str(script)))


def install_lighthouse(environ: Mapping[str, str] = os.environ) -> Lighthouse:
    """Bring this version here with npm, if it is not; whole or not at all. Raises `CannotMeasure` in one sentence."""
    with contextlib.suppress(NotEnoughEvidence):
        return find_lighthouse(environ)
    npm = _tool("npm", environ)
    if npm is None:
        raise CannotMeasure(
            "npm is not here. Install Node 22.19 or newer, then run `postflight lighthouse install` again"
        )
    target = home(environ)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="lighthouse-") as folder:
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--loglevel=error")
        command = (npm, "install", "--prefix", folder, *options, f"lighthouse@{VERSION}")
        ended = _run(command, environ, INSTALL_DEADLINE)
        if ended.code != 0:
            how = "did not end in time" if ended.code is None else f"ended with exit code {ended.code}"
            raise CannotMeasure(f"npm {how}; is its registry within reach? It said: {ended.words}")
        _check_integrity(Path(folder))
        shutil.rmtree(target, ignore_errors=True)
        Path(folder).rename(target)
        Path(folder).mkdir()  # for the temporary folder's own end
    return find_lighthouse(environ)


def run_lighthouse(
    lighthouse: Lighthouse,
    url: str,
    browser: Browser,
    *,
    flags: Sequence[str] = (),
    port: int | None = None,
    headers: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
    deadline: float = RUN_DEADLINE,
) -> Files:
    """Run it once, as a phone on a slow network, as Lighthouse simulates it. Raises `CannotMeasure`.

    `flags` are more arguments for the browser; with `port`, the browser that listens there is used as it is. `headers`
    are sent with each request, and can be read by all who may list processes: no secrets.
    """
    chosen = f"--port={port}" if port else f"--chrome-flags={shlex.join(['--headless', *browser.args, *flags])}"
    with tempfile.TemporaryDirectory(prefix="postflight-lighthouse-") as folder:
        command = (
            *lighthouse.command,
            url,
            "--quiet",
            "--only-categories=performance",
            "--output=json",
            "--output=html",
            f"--output-path={folder}/lighthouse",
            chosen,
            f"--extra-headers={json.dumps(dict(headers or {}))}",
            f"--max-wait-for-load={LOAD_DEADLINE * 1000:.0f}",
            "--locale=en-US",  # of the report: its words are in ours
            "--disable-full-page-screenshot",
            "--no-enable-error-reporting",
        )
        ended = _run(command, {**environ, "CHROME_PATH": browser.executable}, deadline)
        if ended.code is None:
            raise CannotMeasure(f"Lighthouse did not end within {deadline:g} s: {ended.words}", where=url)
        files = [Path(folder) / f"lighthouse.report.{kind}" for kind in ("json", "html")]
        if not all(file.is_file() for file in files):
            raise CannotMeasure(f"Lighthouse ended with exit code {ended.code}, no report: {ended.words}", where=url)
        if max(file.stat().st_size for file in files) > MAX_REPORT:
            raise CannotMeasure(f"Lighthouse's report has more than {MAX_REPORT} bytes", where=url)
        # with an error of the page it exits with 1 and writes a report all the same, which says which
        return Files(files[0].read_bytes(), files[1].read_bytes())


@dataclass(frozen=True, slots=True)
class _Ended:
    code: int | None  # None: not in time
    words: str  # the end of what it wrote


def _run(command: Sequence[str], environ: Mapping[str, str], deadline: float) -> _Ended:
    """Run a command to its end, and end all that it started. Raises `CannotMeasure` if it cannot be started."""
    mark = new_run_id()
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own command line, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**environ, MARK: mark, "PATH": _path(environ)},
                start_new_session=True,
            )
        except OSError as error:
            raise CannotMeasure(f"{command[0]} cannot be started: {error.strerror or error}") from error
        try:
            code: int | None = process.wait(deadline)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(process, mark)
        said.seek(max(0, said.seek(0, os.SEEK_END) - MAX_WORDS))
        words = " ".join(said.read().decode(errors="replace").split())
    return _Ended(code, words or "it said nothing")


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # then Lighthouse ends its browser and removes the browser's folder
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pid in _marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> Iterator[int]:
    """Yield the processes that were started with this mark; nothing where there is no /proc."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is not ours
            if f"{MARK}={mark}".encode() in environ.read_bytes().split(b"\0"):
                yield int(environ.parent.name)


def _check_integrity(folder: Path) -> None:
    """Raise `CannotMeasure` if what npm brought is not the archive that this version of Postflight was tested with."""
    try:
        lock = json.loads((folder / "node_modules" / ".package-lock.json").read_text())
        found = lock["packages"]["node_modules/lighthouse"]["integrity"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotMeasure(f"npm brought no lighthouse that can be checked: {error}") from error
    if found != INTEGRITY:
        raise CannotMeasure(
            f"lighthouse {VERSION} from npm is not the one that is known here; nothing was installed",
            expected=INTEGRITY,
            seen=str(found)[:200],
        )


def _tool(name: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=_path(environ))


def _path(environ: Mapping[str, str]) -> str:
    """Return where programs are looked for: also beside this Python, where a Node from a Python package lies."""
    return os.pathsep.join([environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
