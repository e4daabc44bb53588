"""Which release served when: a look every now and then beside a watch, so that the right release is blamed."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from postflight.rollback.serving import Serving

EVERY = 1.0  # seconds between two looks
KEPT = 20_000  # looks: more than five hours
_END = 5.0  # seconds that a look may take to end


class Followed:
    """What each look has seen. A look that saw no release, since everything fails, says nothing."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._seen: deque[tuple[datetime, str]] = deque(maxlen=KEPT)

    def note(self, at: datetime, release: str) -> None:
        """Note what a look has seen."""
        self._seen.append((at, release))

    def since(self, start: datetime) -> str:
        """Return the release that was seen most since then: somebody may have begun to switch back. Empty: none was."""
        seen = Counter(release for at, release in tuple(self._seen) if at >= start)
        return max(seen, key=seen.__getitem__, default="")

    @contextmanager
    def following(self) -> Iterator[None]:
        """Look, in a thread, until this ends."""
        end = threading.Event()

        def follow() -> None:
            while not end.wait(EVERY):
                at = datetime.now(UTC)
                if release := self._serving.release():
                    self.note(at, release)

        thread = threading.Thread(target=follow, name="release", daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join(_END)
