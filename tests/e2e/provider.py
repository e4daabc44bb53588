"""A platform of two releases, and its provider: stands for Vercel, in Vercel's wire format, and counts what it is told.

It is both the site (`/api/health` says the release) and the API, on one loopback address.
"""

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.conftest import serving

RELEASES = {"dpl_old": "1.4.2", "dpl_new": "1.5.0"}


@dataclass
class Provider:
    """What is live, and what was asked for. `kills`: a process that is killed when a rollback arrives, once."""

    url: str = ""
    live: str = "dpl_new"
    asked: list[str] = field(default_factory=list)  # deployments that it was told to go back to
    told: list[dict[str, Any]] = field(default_factory=list)  # bodies of webhooks
    kills_caller: bool = False
    caller: int = 0
    status: int = 201  # of the answer to a rollback
    switches: bool = True  # whether it does what it was told
    broken: frozenset[str] = frozenset()  # deployments that answer 500, and still say their release
    lock: threading.Lock = field(default_factory=threading.Lock)

    def roll_back(self, deployment: str) -> None:
        with self.lock:
            self.asked.append(deployment)
            if self.switches:
                self.live = deployment
        if self.kills_caller:
            self.kills_caller = False
            os.kill(self.caller, signal.SIGKILL)


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    found = Provider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/v9/projects/shop":
                self._say({"id": "prj_1", "targets": {"production": {"id": found.live, "createdAt": made(found.live)}}})
            elif path == "/v6/deployments":
                listed = [{"uid": uid, "created": made(uid), "readyState": "READY"} for uid in RELEASES]
                self._say({"deployments": listed})
            else:
                bad = found.live in found.broken
                told = {"status": "unhealthy" if bad else "healthy", "version": RELEASES[found.live]}
                self._say(told, 500 if bad else 200)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path.startswith("/v9/projects/prj_1/rollback/"):
                found.roll_back(self.path.rpartition("/")[2])
                self._say({}, found.status)
            else:
                found.told.append(json.loads(body))
                self._say({})

        def _say(self, value: object, status: int = 200) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked was killed
                self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    with serving(Handler) as url:
        found.url = url
        yield found


def made(deployment: str) -> int:
    return 1_700_000_000_000 + list(RELEASES).index(deployment)
