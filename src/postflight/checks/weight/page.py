"""What one visit with a cold cache loaded. Exact: the same page gives the same numbers, on a busy machine too.

Bytes are those of bodies as they came over the network (`wire`) and unpacked (`decoded`); times are seconds since the
visit began. Counted are requests that reached the network: what the browser had in its memory costs nobody anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MAX_RESOURCES = 2000  # of a visit; those beyond are counted, and nothing more


class Kind(StrEnum):
    """What a request was for."""

    DOCUMENT = "document"
    SCRIPT = "script"
    STYLE = "style"
    IMAGE = "image"
    FONT = "font"
    FETCH = "fetch"  # what scripts ask for: the API
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Resource:
    """One request and its answer.

    `url` is without query and fragment, which may hold secrets; `identity` is a digest of the whole address and
    `content` one of the body (empty: not taken). `lifetime` is for how many seconds a browser may use it again without
    asking; None: it does not say. `stranger`: another party's, and nobody has allowed it. `lost`: why it did not come,
    though it was asked for: whoever looks again may find it there.
    """

    url: str
    kind: Kind
    status: int = 200
    method: str = "GET"
    wire: int = 0
    decoded: int = 0
    protocol: str = ""
    encoding: str = ""
    media_type: str = ""
    lifetime: float | None = None
    stored: bool = True  # False: `no-store`, kept by nobody on purpose
    blocking: bool = False  # rendering waits for it, says the browser
    preloaded: bool = False
    third_party: bool = False
    stranger: bool = False
    identity: str = ""
    content: str = ""
    start: float = 0.0
    first_byte: float | None = None
    end: float | None = None  # None: it never ended
    made_here: bool = False  # a service worker of the page has answered
    lost: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it brought what was asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Image:
    """A file of pixels that is shown: its pixels, and the largest box in which it is laid out."""

    url: str
    natural: tuple[int, int]
    box: tuple[float, float]
    wire: int = 0


@dataclass(frozen=True, slots=True)
class ScriptUse:
    """A script that was run: its characters, and those of them that were never executed (V8's block coverage)."""

    url: str
    characters: int
    unused: int


@dataclass(frozen=True, slots=True)
class Face:
    """A font face that the page uses. `display` is its `font-display`; `urls` its files, where they can be seen."""

    family: str
    display: str
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageWeight:
    """All that one visit brought. `resources` are in the order in which they were asked for.

    `redirects` are addresses that led on to the page. `polled` are addresses that the page asked for again and again
    without an end: counted once. `settled` is False where it never came to rest.
    """

    url: str
    resources: tuple[Resource, ...] = ()
    elements: int = 0
    images: tuple[Image, ...] = ()
    scripts: tuple[ScriptUse, ...] = ()
    faces: tuple[Face, ...] = ()
    unused_preloads: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    polled: tuple[str, ...] = ()
    settled: bool = True
    dropped: int = 0
    device_pixels: float = 1.0

    def of(self, *kinds: Kind) -> tuple[Resource, ...]:
        """Return the resources of these kinds."""
        return tuple(one for one in self.resources if one.kind in kinds)

    @property
    def lost(self) -> tuple[Resource, ...]:
        """What of its own the page lacked: without it, nobody knows what it weighs, or what more it would ask for."""
        return tuple(one for one in self.resources if one.lost and not one.third_party)

    @property
    def requests(self) -> int:
        """How many requests reached the network."""
        return len(self.resources) + self.dropped


def wire_bytes(resources: Iterable[Resource]) -> int:
    """Return what these brought over the network, in bytes."""
    return sum(one.wire for one in resources)
