"""Web Vitals of one visit. All times in seconds since the navigation began; all frozen.

Definitions: web.dev/articles/{lcp,cls,inp,fcp,ttfb}, as the `web-vitals` library computes them (a test holds our
figures against it).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that the page loaded: path (or URL, of another origin), when it was asked for, and when all there."""

    path: str
    asked: float
    there: float
    blocking: bool  # nothing is painted before it is there
    initiator: str  # link, css, script, img, fetch ...


@dataclass(frozen=True, slots=True)
class FirstByte:
    """TTFB and its phases, which add up to it: redirects, name lookup, connect (with TLS), waiting for the answer."""

    at: float
    redirects: float
    name_lookup: float
    connect: float
    waiting: float


@dataclass(frozen=True, slots=True)
class LargestPaint:
    """LCP: the element, its file (empty for text), and the phases of web.dev/articles/optimize-lcp, which add up."""

    at: float
    element: str
    path: str
    lazy: bool
    first_byte: float
    load_delay: float
    load_duration: float
    render_delay: float


@dataclass(frozen=True, slots=True)
class Moved:
    """A node that shifted by so many CSS pixels (0: into view or out of it), and what stands in its place now."""

    element: str
    pixels: float
    replaced_by: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A layout shift that no input explains."""

    at: float
    value: float
    nodes: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Stability:
    """CLS: the score of the worst session window, and its shifts, the largest first."""

    score: float
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A script that ran for long: its file, what called it, how long, and how much layout it forced."""

    path: str
    invoker: str
    function: str
    start: float
    seconds: float
    forced_layout: float

    @property
    def name(self) -> str:
        """The script in words: its file, or what invoked it."""
        return self.path or self.invoker or "a script of the page"


@dataclass(frozen=True, slots=True)
class Interaction:
    """The interaction that INP is about: input delay, processing and presentation delay add up to `seconds`."""

    seconds: float
    kind: str
    target: str
    at: float
    input_delay: float
    processing: float
    presentation: float
    count: int  # interactions of the visit
    scripts: tuple[Script, ...]  # that ran in it, the longest first


@dataclass(frozen=True, slots=True)
class Work:
    """What the page's main thread did until it had settled: CPU seconds (not wall-clock), and exact counts."""

    thread: float
    script: float
    layout: float
    style: float
    layouts: int
    styles: int
    elements: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """One visit: what a person felt, and why."""

    url: str
    profile: str
    lcp: LargestPaint | None  # None: the browser told of none, as of a page that is only a canvas or a frame
    cls: Stability
    inp: Interaction | None  # None: nobody interacted
    fcp: float | None  # likewise
    ttfb: FirstByte
    tbt: float  # blocking time of long tasks between FCP and the first interaction; shown, never gated
    long_tasks: int
    work: Work
    scripts: tuple[Script, ...]  # that ran for 50 ms or more before the first interaction, the longest first
    arrivals: tuple[Arrival, ...]  # in the order in which they were there
    load: float  # the end of the load event
