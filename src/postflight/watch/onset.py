"""Since when something is broken: the beginning of the first bad block after the last good one. No I/O."""

from datetime import datetime, timedelta

from postflight.stats.blocks import Block
from postflight.watch.state import Record


class Onset:
    """Follows a watch that began at `began`, in blocks of `block` seconds."""

    def __init__(self, began: datetime, block: float) -> None:
        self._began = began
        self._block = block
        self._since: dict[str, datetime] = {}  # trigger -> when

    def update(self, record: Record) -> None:
        """Take one more block. One without data changes nothing."""
        start = self._began + timedelta(seconds=max(0.0, record.end - self._block))
        for name, counted in record.seen.counted.items():
            if isinstance(counted, Block) and not counted.missing:
                self._note(name, start, bad=counted.bad > 0)
        for checks in record.seen.checks.values():
            if any(check is False for check in checks):
                self._since.setdefault("health", start)
        if record.seen.checks and all(check for checks in record.seen.checks.values() for check in checks):
            self._since.pop("health", None)

    def of(self, trigger: str) -> datetime:
        """Return since when it is broken; the beginning of the watch where no block says more."""
        return self._since.get(trigger, self._began)

    def _note(self, name: str, start: datetime, *, bad: bool) -> None:
        if bad:
            self._since.setdefault(name, start)
        else:
            self._since.pop(name, None)
