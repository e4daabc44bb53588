"""Starts a reference platform as a person would, and speaks to it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import psutil
import psycopg

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 20.0  # seconds

T = TypeVar("T")


def eventually(probe: Callable[[], T | None], what: str) -> T:
    """Return the probe's first truthy answer; fail when there is none within the deadline."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {DEADLINE:.0f} s: {what}")


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[bytes]
    ready: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where its own PostgreSQL lives."""
        return Path(parse_qs(urlsplit(self.ready["database"]).query)["host"][0]).parent

    @property
    def maintenance_database(self) -> str:
        """A server that other platforms can borrow."""
        return f"postgresql://postgres@/postgres?host={self.folder}/postgres"

    def client(self, base: str = "web", **options: Any) -> httpx.Client:
        import ssl

        verify = ssl.create_default_context(cafile=self.ready["ca_file"]) if self.ready["ca_file"] else True
        return httpx.Client(base_url=self.ready[base], timeout=DEADLINE, verify=verify, **options)

    def sign_in(self, name: str = "primary") -> httpx.Client:
        """A client with that account's bearer token, and no cookie."""
        with self.client() as stranger:
            token = (
                stranger.post("/api/auth/login", json=self.ready["accounts"][name]).raise_for_status().json()["token"]
            )
        return self.client(headers={"Authorization": f"Bearer {token}"})

    def operator(self, region: str = "iad") -> httpx.Client:
        """A client of one region's orchestrator."""
        client = self.client("orchestrator", headers={"Authorization": f"Bearer {self.ready['api_token']}"})
        client.base_url = httpx.URL(self.ready["regions"][region])
        return client

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.ready["database"]) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def add_project(self, name: str = "Planted", account: str = "primary") -> str:
        """A project that is in the database without the API's help."""
        email = self.ready["accounts"][account]["email"]
        [(project_id,)] = self.sql(
            "insert into projects (owner_id, name) select id, %s from users where email = %s returning id", name, email
        )
        self.sql("insert into files values (%s, 'index.html', %s)", project_id, f"<h1>{name}</h1>")
        return str(project_id)

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def start(*arguments: str) -> Iterator[Running]:
    """Run `python -m reference` with these arguments until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reference", "--until-stdin-closes", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"the platform did not start: exit code {process.wait(DEADLINE)}"
        yield Running(process, json.loads(line))
    finally:
        process.stdin.close()
        try:
            process.wait(DEADLINE)
        finally:
            process.kill()
            process.stdout.close()


def start_preview(user: httpx.Client, project_id: str, **options: Any) -> dict[str, Any]:
    """A preview that is active."""
    asked = {"projectId": project_id, **options}
    session = user.post("/api/preview/start", json=asked).raise_for_status().json()
    return eventually(lambda: find_preview(user, session["sessionId"], "active"), "the preview is active")


def find_preview(user: httpx.Client, session_id: str, status: str) -> dict[str, Any] | None:
    """The session if it has this status."""
    session: dict[str, Any] = user.get(f"/api/preview/{UUID(session_id)}").raise_for_status().json()
    return session if session["status"] == status else None
