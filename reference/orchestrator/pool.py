"""The pool of previews: how many may live at once, and the life of each from `creating` to `ended`."""

import asyncio
import logging
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge
from psycopg.rows import DictRow

from reference.database import fetch_all, fetch_one
from reference.faults import (
    NO_EXPIRY,
    POOL_RACE,
    PREVIEW_NEVER_READY,
    PREVIEW_NOT_ENDED,
    PREVIEW_STUCK,
    PREVIEW_WRONG_CONTENT,
    SESSIONS_LEFT,
    WRONG_METRICS,
)
from reference.orchestrator.container import Container, ContainerFailed, start_container
from reference.services import Services
from reference.serving import base_url, listen
from reference.settings import MAX_FILES

_START_DEADLINE = 20.0  # seconds
_END_DEADLINE = 10.0
_STUCK_EVERY, _LEFT_EVERY, _RACE = 5, 3, 0.3  # previews, ends, and seconds, when these faults are planted

Outcome = Literal["ended", "error"]

_log = logging.getLogger(__name__)


class PoolExhausted(Exception):
    """As many previews live as may."""


class UnknownProject(Exception):
    """There is no such project."""


@dataclass(eq=False, slots=True)
class _Session:
    """A preview that lives. `over` is set when it shall end, or has ended by itself."""

    id: UUID
    project_id: UUID
    idle_timeout: float  # seconds
    last_used: float = field(default_factory=time.monotonic)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    life: asyncio.Task[None] | None = None

    @property
    def remaining(self) -> float:
        """Seconds until it expires, if nobody uses it."""
        return self.last_used + self.idle_timeout - time.monotonic()


class Pool:
    """All previews of all regions. The database says what a session's status is; here is what it lives by."""

    def __init__(self, services: Services, registry: CollectorRegistry) -> None:
        self._services = services
        self._database = services.database
        self._faults = services.settings.faults
        self._sessions: dict[UUID, _Session] = {}
        self._starting = 0
        self._started = self._ended = 0  # since the platform began
        self._operations = Counter(
            "fly_machine_operations", "Containers started and stopped.", ("operation", "status"), registry=registry
        )
        if WRONG_METRICS not in self._faults:
            gauge = Gauge("active_preview_sessions", "Previews that live or are being created.", registry=registry)
            gauge.set_function(lambda: self.active)

    @property
    def active(self) -> int:
        """How many previews live, those that are being created included."""
        return len(self._sessions) + self._starting

    async def start(self, project_id: UUID, idle_timeout: int, region: str) -> DictRow:
        """Start a preview and return its row, status `creating`. Raises `PoolExhausted` or `UnknownProject`."""
        if self.active >= self._services.settings.pool:
            raise PoolExhausted
        if POOL_RACE in self._faults:
            await asyncio.sleep(_RACE)  # between looking and taking, others look too
        self._starting += 1  # taken before the first wait, so that two requests cannot take the last place
        bound = listen()
        try:
            url = base_url(bound, tls=self._services.certificates is not None)
            row = await self._insert(project_id, idle_timeout, region, url)
            session = _Session(row["id"], project_id, idle_timeout)
            self._sessions[session.id] = session
            session.life = asyncio.create_task(self._live(session, bound), name=f"preview {session.id}")
        except BaseException:
            bound.close()
            raise
        finally:
            self._starting -= 1
        return row

    async def find(self, session_id: UUID) -> DictRow | None:
        """Return the row of a session, or None."""
        async with self._database.service() as connection:
            return await fetch_one(connection, "select * from preview_sessions where id = %s", [session_id])

    async def end(self, session_id: UUID) -> None:
        """End a preview and wait until it is gone. One that is over already is left as it is."""
        self._ended += 1
        left = SESSIONS_LEFT in self._faults and self._ended % _LEFT_EVERY == 0
        if PREVIEW_NOT_ENDED in self._faults or left:
            await self._set_status(session_id, "ended")
            return
        if session := self._sessions.get(session_id):
            await self._end([session])

    async def close(self) -> None:
        """End all previews."""
        await self._end(list(self._sessions.values()))

    async def _end(self, sessions: list[_Session]) -> None:
        for session in sessions:
            session.over.set()
        if lives := [session.life for session in sessions if session.life]:
            _done, late = await asyncio.wait(lives, timeout=_END_DEADLINE)
            if late:
                raise TimeoutError(f"{len(late)} previews did not end in {_END_DEADLINE:.0f} s")

    async def _live(self, session: _Session, bound: socket.socket) -> None:
        """The whole life of a preview. Whatever happens, its process is gone and its place is free after it."""
        outcome: Outcome = "ended"
        container: Container | None = None
        try:
            self._started += 1
            stuck = PREVIEW_STUCK in self._faults and self._started % _STUCK_EVERY == 0
            if PREVIEW_NEVER_READY in self._faults or stuck:
                await session.over.wait()
                return
            with bound:  # ours is closed once the container has it: then nobody listens when the container is gone
                container = await start_container(self._services, session.project_id, bound)
            await self._prepare(session, container)
            if await self._set_status(session.id, "active"):  # else its project was deleted meanwhile
                outcome = await self._watch(session, container)
        except (ContainerFailed, TimeoutError, OSError, psycopg.Error) as error:
            outcome = "error"
            _log.warning("preview %s failed: %r", session.id, error)
        finally:
            bound.close()
            if container:
                await container.stop()
                self._operations.labels("stop", "success").inc()
            with suppress(psycopg.Error):
                await self._set_status(session.id, outcome)
            del self._sessions[session.id]

    async def _prepare(self, session: _Session, container: Container) -> None:
        """Bring a container to where it serves its project."""
        status = "failure"
        try:
            async with asyncio.timeout(_START_DEADLINE):
                await container.expect("joined")
                await container.load(await self._files(session.project_id))
                await container.expect("ready")
            status = "success"
        finally:
            self._operations.labels("start", status).inc()
        session.last_used = time.monotonic()

    async def _watch(self, session: _Session, container: Container) -> Outcome:
        """Wait until the preview is over: ended, expired, or (`error`) gone by itself."""
        listening = asyncio.create_task(self._listen(session, container))
        try:
            while True:
                patience = None if NO_EXPIRY in self._faults else session.remaining
                try:
                    async with asyncio.timeout(patience):
                        await session.over.wait()
                except TimeoutError:
                    if session.remaining <= 0:
                        return "ended"
                else:
                    return "error" if listening.done() else "ended"
        finally:
            listening.cancel()

    async def _listen(self, session: _Session, container: Container) -> None:
        """Take note of activity, until the container's process ends."""
        async for line in container.lines():
            if line == "activity":
                session.last_used = time.monotonic()
                expires_at = datetime.now(UTC) + timedelta(seconds=session.idle_timeout)
                with suppress(psycopg.Error):
                    async with self._database.service() as connection:
                        await connection.execute(
                            "update preview_sessions set expires_at = %s where id = %s", [expires_at, session.id]
                        )
        session.over.set()

    async def _insert(self, project_id: UUID, idle_timeout: int, region: str, url: str) -> DictRow:
        async with self._database.service() as connection:
            row = await fetch_one(
                connection,
                """
                insert into preview_sessions (project_id, owner_id, region, status, preview_url, expires_at)
                select id, owner_id, %s, 'creating', %s, now() + make_interval(secs => %s) from projects where id = %s
                returning *
                """,
                [region, url, idle_timeout, project_id],
            )
        if row is None:
            raise UnknownProject
        return row

    async def _set_status(self, session_id: UUID, status: str) -> bool:
        """Change the status of a session that is not over. Returns whether there was one."""
        async with self._database.service() as connection:
            done = await connection.execute(
                "update preview_sessions set status = %s where id = %s and status in ('creating', 'active')",
                [status, session_id],
            )
            return done.rowcount > 0

    async def _files(self, project_id: UUID) -> dict[str, str]:
        if PREVIEW_WRONG_CONTENT in self._faults:
            return {"index.html": "<!doctype html><title>Other</title><h1>A project of somebody else</h1>"}
        async with self._database.service() as connection:
            rows = await fetch_all(
                connection, "select path, content from files where project_id = %s limit %s", [project_id, MAX_FILES]
            )
        return {row["path"]: row["content"] for row in rows}
