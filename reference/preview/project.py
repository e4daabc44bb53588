"""The files of the previewed project, kept up to date by broadcasts; pages are told when something changes."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

from reference.settings import FILE_PATH, MAX_FILE, MAX_FILES

_HEARTBEAT = 15.0  # seconds; an event stream that is silent for long is cut by some proxies


class Project:
    """Files by path. `version` grows with each change."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.version = 0
        self._changed = asyncio.Event()

    def load(self, stored: Mapping[str, str]) -> None:
        """Take the stored files, but not over an edit that came meanwhile: the broadcast is ahead of the database."""
        self.files = {**stored, **self.files}

    def update(self, path: object, content: object) -> None:
        """Apply an edit. One that breaks a limit is ignored: the API refuses to store it too."""
        if not (isinstance(path, str) and isinstance(content, str) and len(content) <= MAX_FILE):
            return
        if not re.fullmatch(FILE_PATH, path) or (path not in self.files and len(self.files) >= MAX_FILES):
            return
        self.files[path] = content
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changes(self, since: int) -> AsyncIterator[int]:
        """Yield the version whenever it is newer than the last one told, and now and then without need."""
        while True:
            changed = self._changed
            if self.version <= since:
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        await changed.wait()
                except TimeoutError:
                    pass
            since = self.version
            yield since
