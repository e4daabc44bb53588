"""The process of one preview. The orchestrator speaks to it over pipes, one line at a time:

    stdin    {"socket": FD, "realtime": URL, "anonKey": ..., "projectId": ..., "framedBy": ORIGIN, "editDelay": SECONDS,
              "tls": {"ca", "chain", "key"} | null}
    stdout   joined         it follows the project's edits; now the files can be read without missing one
    stdin    {"files": {PATH: CONTENT}}
    stdout   ready          it serves
    stdout   activity       somebody uses it (at most once a second)

It ends on SIGTERM, and when stdin closes: when the orchestrator is gone, however it went.
"""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path

from reference.preview.app import create_preview
from reference.preview.project import Project
from reference.preview.sync import Follower
from reference.realtime.phoenix import Payload
from reference.serving import Listener, serve
from reference.settings import MAX_FILE, MAX_FILES
from reference.tls import Certificates

_JOIN_DEADLINE = 5.0  # seconds
_ACTIVITY_INTERVAL = 1.0
_LONGEST_LINE = 8 * MAX_FILE * MAX_FILES  # bytes: JSON may need six for a character


class _Activity:
    """Tells the orchestrator that somebody uses this preview, but not of every request."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self) -> None:
        if time.monotonic() - self._last >= _ACTIVITY_INTERVAL:
            self._last = time.monotonic()
            _say("activity")


def _say(word: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more: stdin tells, and ends this process
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()


async def _main() -> None:
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader(limit=_LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    order = json.loads(await stdin.readline())
    certificates = Certificates(**{name: Path(path) for name, path in order["tls"].items()}) if order["tls"] else None

    project, activity = Project(), _Activity()

    def edit(change: Payload) -> None:
        activity()
        apply = partial(project.update, change.get("filePath"), change.get("content"))
        loop.call_later(order["editDelay"], apply) if order["editDelay"] else apply()

    follower = Follower(order["realtime"], order["anonKey"], f"realtime:project:{order['projectId']}", edit)
    following = asyncio.create_task(follower.follow(certificates.client_context() if certificates else None))
    with contextlib.suppress(TimeoutError):  # without realtime it serves what is stored, and its health says so
        async with asyncio.timeout(_JOIN_DEADLINE):
            await follower.joined.wait()
    _say("joined")
    line = await stdin.readline()
    if not line:
        return
    project.load(json.loads(line)["files"])

    app = create_preview(
        project, framed_by=order["framedBy"], is_connected=follower.joined.is_set, on_activity=activity
    )
    async with serve([Listener(app, socket.socket(fileno=order["socket"]))], certificates):
        _say("ready")
        await stdin.read()
    following.cancel()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing here needs saving: end at once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the platform
    asyncio.run(_main())
