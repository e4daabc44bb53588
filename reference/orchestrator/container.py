"""A preview container as the orchestrator sees it: a process, its socket, and the lines that they exchange."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from reference.faults import SLOW_EDIT_SYNC
from reference.processes import module_command, module_environment
from reference.services import Services

_STOP_DEADLINE = 5.0  # seconds
_EDIT_DELAY = 5.0  # seconds, when that fault is planted


class ContainerFailed(Exception):
    """The process ended, or said something unexpected."""


@dataclass(frozen=True, slots=True)
class Container:
    """A running process. Bounds on waiting are the caller's."""

    _process: asyncio.subprocess.Process

    async def expect(self, word: str) -> None:
        """Wait for this line. Raises `ContainerFailed` when another comes, or none any more."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if line.decode().strip() != word:
            raise ContainerFailed(f"expected {word!r} of the preview, got {line!r}")

    async def load(self, files: Mapping[str, str]) -> None:
        """Give it the project's files."""
        await self._send({"files": files})

    async def lines(self) -> AsyncIterator[str]:
        """Yield what it says until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            yield line.decode().strip()

    async def stop(self) -> None:
        """End the process, at the latest by force."""
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_DEADLINE):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _send(self, order: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise ContainerFailed("the preview ended before it was ready") from error


async def start_container(services: Services, project_id: UUID, bound: socket.socket) -> Container:
    """Start the process that will serve this project on `bound`, which the caller may close afterwards."""
    certificates = services.certificates
    process = await asyncio.create_subprocess_exec(
        *module_command("reference.preview"),
        env=module_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=[bound.fileno()],
        start_new_session=True,  # a Ctrl-C in the terminal is for the platform, which ends its containers in order
    )
    container = Container(process)
    order = {
        "socket": bound.fileno(),
        "realtime": services.addresses.realtime,
        "anonKey": services.anon_key,
        "projectId": str(project_id),
        "framedBy": services.addresses.web,
        "editDelay": _EDIT_DELAY if SLOW_EDIT_SYNC in services.settings.faults else 0,
        "tls": {
            "ca": str(certificates.ca), "chain": str(certificates.chain), "key": str(certificates.key),
        } if certificates else None,
    }  # fmt: skip
    try:
        await container._send(order)  # noqa: SLF001  its maker
    except BaseException:
        await container.stop()
        raise
    return container
