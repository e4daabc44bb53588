"""The keeper: a process that runs PostgreSQL and that leaves nothing behind when the reference platform is gone.

It hears of the end by its stdin reaching EOF, which the kernel sees to even when the platform is killed with SIGKILL.
One path for every end: what a clean stop removes, a crash removes too.

    stdin, first line   {"folder": PATH, "postgres": {"bin": PATH, "user": UID | null} | null,
                         "drop": {"url": URL, "name": NAME} | null}
    stdout, one line    "started" once PostgreSQL was started (it may not answer yet), or nothing and exit code 1
"""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_INITDB_DEADLINE = 60.0
_STOP_DEADLINE = 10.0

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
    order = json.loads(sys.stdin.readline())
    folder = Path(order["folder"])
    server: subprocess.Popen[bytes] | None = None
    try:
        if order["postgres"]:
            server = _start_postgres(folder / "postgres", Path(order["postgres"]["bin"]), order["postgres"]["user"])
        print("started", flush=True)  # noqa: T201  the protocol
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


def _start_postgres(home: Path, binaries: Path, user: int | None) -> subprocess.Popen[bytes]:
    """Make a cluster in `home`/data and start its server, which listens on a socket in `home`, as `user` if given."""
    # PostgreSQL refuses to run as root.
    identity: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    data = home / "data"
    initdb = [
        "initdb", "--pgdata", str(data), "--username=postgres", "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--wal-segsize=1", "--no-sync", "--no-instructions",
    ]  # fmt: skip
    _run([str(binaries / initdb[0]), *initdb[1:]], home, identity)
    server = [str(binaries / "postgres"), "-D", str(data), "-k", str(home)]
    for option in _SERVER_OPTIONS:
        server += ["-c", option]
    with (home / "postgres.log").open("wb") as log:
        return subprocess.Popen(
            server, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **identity
        )


def _run(command: Sequence[str], folder: Path, identity: dict[str, Any]) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_INITDB_DEADLINE,
        check=False,
        **identity,
    )
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

    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(
                psycopg.sql.SQL("drop database if exists {} with (force)").format(psycopg.sql.Identifier(name))
            )
    except psycopg.Error as error:
        sys.stderr.write(f"reference: could not drop database {name}: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
