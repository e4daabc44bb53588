"""One request of a visit, from its beginning on, as Chromium's network layer tells of it piece by piece."""

from dataclasses import dataclass, field

from postflight.checks.weight.page import Kind
from postflight.checks.weight.transfer import ASSETS

TOO_MUCH_ASKED = 429


@dataclass(slots=True)
class Exchange:
    """A request under way. Times are Chromium's, in seconds since it began."""

    id: str
    url: str
    method: str
    kind: Kind
    start: float
    blocking: bool  # of the page, not of a frame within it
    preloaded: bool
    navigates: bool  # the page itself, not a file or a frame of it
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = ""
    protocol: str = ""
    header_bytes: int = 0
    first_byte: float | None = None
    end: float | None = None
    wire: int = 0
    decoded: int = 0
    cached: bool = False
    redirected: bool = False
    made_here: bool = False
    stopped: bool = False  # by the page's own policy, before it reached the network
    failure: str = ""
    content: str = ""

    def why_lost(self, *, settled: bool) -> str:
        """Return why it did not come; nothing where it came, its page has given it up, or the page is none the less.

        What scripts ask for need not end: it may be a stream, or a body that nobody reads.
        """
        if self.kind not in (*ASSETS, Kind.FETCH):
            return ""
        if self.status >= 500 or self.status == TOO_MUCH_ASKED:
            return f"answered {self.status}"
        unended = self.end is None and self.kind is not Kind.FETCH and not settled
        return self.failure or ("had not come when the visit ended" if unended else "")
