"""Who uses a page by keyboard alone: what Tab reaches, in which order, whether it is held, and whether it is seen.

WCAG 2.1.1 (Keyboard), 2.1.2 (No Keyboard Trap), 2.4.3 (Focus Order) and 2.4.7 (Focus Visible).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from postflight.checks.access.words import tidy


@dataclass(frozen=True, slots=True)
class Control:
    """Something that people operate. `number` is its place in the instrument's memory."""

    number: int
    name: str
    why: str = ""  # why Tab may not come here: tabindex=-1
    group: str = ""  # of which one is enough: arrow keys reach the others, or a field's keys do what its button does
    seen: bool = True  # false: out of people's sight, as a menu beside the window is, until it is opened
    around: tuple[int, ...] = ()  # numbers of the controls that it is a part of
    href: str = ""
    top: float | None = None  # CSS pixels in the page; None: in a frame
    bottom: float | None = None
    foreign: bool = False  # what happens in it is not seen: a frame of another origin, a closed shadow root
    modal: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """One way through a page by Tab.

    `stops` are in their order. `held` are those between which the focus went round and never left, and `escaped` says
    that the Escape key freed it. `whole` is false if the walk had to be given up: too long, or lost in a foreign frame.
    """

    controls: tuple[Control, ...]
    stops: tuple[Control, ...]
    held: tuple[Control, ...] = ()
    escaped: bool = False
    whole: bool = True


def read(told: Mapping[str, Any]) -> Control:
    """Read what `keyboard.js` tells of an element."""
    place = told["place"] or {}
    return Control(
        number=told["number"],
        name=tidy(told["name"]),
        why=tidy(told["why"]),
        group=told["group"],
        seen=told["seen"],
        around=tuple(told["around"]),
        href=told["href"],
        top=place.get("top"),
        bottom=place.get("bottom"),
        foreign=told["foreign"],
        modal=told["modal"],
    )


def unreached(walk: Walk) -> tuple[str, ...]:
    """Say what Tab does not reach, and why. A link whose target another link leads to is no loss.

    Nor is what nobody sees, nor a part of something that is reached, nor what has a part that is: a combobox around
    its field.
    """
    numbers = {stop.number for stop in walk.stops}
    with_reached_parts = {number for stop in walk.stops for number in stop.around}
    groups = {stop.group for stop in walk.stops if stop.group}
    targets = {stop.href for stop in walk.stops if stop.href}
    lost = [
        control
        for control in walk.controls
        if control.seen
        and numbers.isdisjoint((control.number, *control.around))
        and control.number not in with_reached_parts
        and control.group not in groups
        and control.href not in targets
    ]
    return tuple(f"{c.name} is not reached by Tab{f': {c.why}' if c.why else ''}" for c in lost)


def trapped(walk: Walk) -> str:
    """Say where the focus is held for good, or nothing. A dialog that is open may hold it: that is what it is for."""
    if not walk.held or walk.escaped or all(control.modal for control in walk.held):
        return ""
    names = ", ".join(control.name for control in walk.held[:3])
    return f"a keyboard trap: Tab does not leave {names}, nor does Escape and Tab"


def disordered(walk: Walk) -> tuple[str, ...]:
    """Say where Tab goes backwards: to what comes earlier in the document and stands above, both."""
    return tuple(_backwards(walk.controls, walk.stops))


def _backwards(controls: Sequence[Control], stops: Sequence[Control]) -> Iterator[str]:
    order = {control.number: place for place, control in enumerate(controls)}
    for one, following in pairwise(stops):
        if one.number not in order or following.number not in order or one.top is None or following.bottom is None:
            continue
        if order[following.number] < order[one.number] and following.bottom <= one.top:
            causes = ", ".join(f"{c.name} has {c.why}" for c in (one, following) if c.why)
            yield f"Tab goes back from {one.name} to {following.name} above it{f': {causes}' if causes else ''}"
