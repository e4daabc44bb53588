"""The keeper: a process that runs PostgreSQL and that leaves nothing behind when the reference platform is gone.

It hears of the end by its stdin reaching EOF, which the kernel sees to even when the platform is killed with SIGKILL.
There is one path for every end: what a clean stop removes, a crash removes too.

    stdin, one line     {"postgres": FOLDER OF BINARIES | null, "user": UID | null,
                         "drop": {"url": URL, "name": NAME} | null}
    stdout, one line    the path of a private folder, with PostgreSQL started in its folder `postgres` (which may not
                        answer yet); or nothing, the reason on stderr, and exit code 1
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_INITDB_DEADLINE = 60.0  # seconds; it takes 0.2 s on an idle machine, less than a cache of its result is worth
_STOP_DEADLINE = 10.0
_LONGEST_FOLDER = 107 - len("/postgres/.s.PGSQL.5432")  # a socket's address has no room for a long TMPDIR

# Nobody will miss this data, so it need not survive a power cut.
_SERVER_OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=60",
    "jit=off",
)


def main() -> int:
    """Keep until stdin closes; return the exit code."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a Ctrl-C is for the platform, which then closes stdin
        signal.signal(name, signal.SIG_IGN)
    line = sys.stdin.readline()
    return _keep(json.loads(line)) if line else 0  # the platform was ended before it could say what it wants


def _keep(order: Mapping[str, Any]) -> int:
    folder = _make_folder(order["user"])
    server: subprocess.Popen[bytes] | None = None
    try:
        if order["postgres"]:
            server = _start_postgres(folder / "postgres", Path(order["postgres"]), order["user"])
        sys.stdout.write(f"{folder}\n")
        sys.stdout.flush()
        sys.stdin.read()
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"reference: PostgreSQL did not start: {error}\n")
        return 1
    finally:
        if server:
            _stop_postgres(server)
        if order["drop"]:
            _drop_database(order["drop"]["url"], order["drop"]["name"])
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _make_folder(user: int | None) -> Path:
    """Make a folder, in /tmp when TMPDIR is too long for a socket's address or closed to `user`."""
    prefix = f"velocity-reference-{os.getpid()}-"  # so that one sees whose it is
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    closed = user is not None and not all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.parents)
    if closed or len(str(folder)) > _LONGEST_FOLDER:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o711)  # for `user` to pass through
    return folder


def _start_postgres(home: Path, binaries: Path, user: int | None) -> subprocess.Popen[bytes]:
    """Make a cluster in `home`/data and start its server, which listens on a socket in `home`, as `user` if given."""
    home.mkdir(mode=0o700)
    identity: dict[str, Any] = {}
    if user is not None:
        os.chown(home, user, user)
        identity = {"user": user, "group": user, "extra_groups": []}
    data = home / "data"
    initdb = [
        str(binaries / "initdb"), "--pgdata", str(data), "--username=postgres", "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--wal-segsize=1", "--no-sync", "--no-instructions",
    ]  # fmt: skip
    _run(initdb, home, identity)
    server = [str(binaries / "postgres"), "-D", str(data), "-k", str(home)]
    for option in _SERVER_OPTIONS:
        server += ["-c", option]
    with (home / "postgres.log").open("wb") as log:
        return subprocess.Popen(
            server, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **identity
        )


def _run(command: Sequence[str], folder: Path, identity: Mapping[str, Any]) -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True}
    done = subprocess.run(command, cwd=folder, timeout=_INITDB_DEADLINE, check=False, **pipes, **identity)
    if done.returncode:
        raise OSError(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()}")


def _stop_postgres(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # the immediate shutdown: no checkpoint for data that is removed next
    try:
        server.wait(_STOP_DEADLINE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _drop_database(url: str, name: str) -> None:
    import psycopg  # not needed before the end, and then not always

    drop = psycopg.sql.SQL("drop database if exists {} with (force)").format(psycopg.sql.Identifier(name))
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(drop)
    except psycopg.Error as error:
        sys.stderr.write(f"reference: could not drop database {name}: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
