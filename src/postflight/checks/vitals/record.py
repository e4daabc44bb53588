"""What the instrument in the page wrote down: the browser's own entries, in milliseconds since the navigation.

The names are those of the performance timeline (W3C Performance Timeline, Largest Contentful Paint, Layout
Instability, Event Timing, Long Tasks, Long Animation Frames), in Python's spelling.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Navigation:
    """The document's own request. `redirects` is the time that redirects took."""

    kind: str  # navigate, reload, back_forward
    activation_start: float
    redirects: float
    name_lookup: float
    connect: float
    request_start: float
    response_start: float
    response_end: float
    load_end: float


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that the page loaded. `blocking`: nothing is painted before it is there."""

    url: str
    initiator: str
    start: float
    request_start: float
    response_end: float
    transferred: int  # bytes; 0 from the cache, and of another origin that does not tell
    blocking: bool


@dataclass(frozen=True, slots=True)
class PaintCandidate:
    """An entry of largest-contentful-paint; the last one is the largest. `lazy` is the element's `loading=lazy`."""

    at: float
    element: str
    url: str
    lazy: bool


@dataclass(frozen=True, slots=True)
class MovedNode:
    """A node that shifted, and what stands in its old place now (empty: nothing, or itself)."""

    element: str
    moved: float  # CSS pixels
    replaced_by: str


@dataclass(frozen=True, slots=True)
class LayoutShift:
    """An entry of layout-shift: the spec's score, and at most five nodes, the largest first."""

    at: float
    value: float
    recent_input: bool
    nodes: tuple[MovedNode, ...]


@dataclass(frozen=True, slots=True)
class InputEvent:
    """An entry of event or first-input that belongs to an interaction."""

    interaction: int
    kind: str
    target: str
    start: float
    duration: float  # rounded to 8 ms by the browser
    processing_start: float
    processing_end: float


@dataclass(frozen=True, slots=True)
class Task:
    """An entry of longtask: the main thread was busy for 50 ms or more."""

    start: float
    duration: float


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """A script of a long animation frame. `forced_layout` is the layout that it forced while it ran."""

    url: str
    invoker: str
    function: str
    start: float
    duration: float
    forced_layout: float


@dataclass(frozen=True, slots=True)
class Record:
    """All of one visit. `interactions` is the browser's own count; `dropped` entries were more than are kept."""

    navigation: Navigation
    first_contentful_paint: float | None
    candidates: tuple[PaintCandidate, ...]
    shifts: tuple[LayoutShift, ...]
    events: tuple[InputEvent, ...]
    tasks: tuple[Task, ...]
    scripts: tuple[ScriptRun, ...]
    resources: tuple[Resource, ...]
    interactions: int
    elements: int
    hidden: bool  # the page was in the background at some time: its paints are not what a person saw
    dropped: int
