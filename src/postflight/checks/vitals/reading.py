"""From what the browser wrote down to Web Vitals, by the definitions of the `web-vitals` library (6.2)."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from postflight.checks.vitals.model import (
    Arrival,
    FirstByte,
    Interaction,
    LargestPaint,
    Moved,
    Script,
    Shift,
    Stability,
    Vitals,
    Work,
)
from postflight.checks.vitals.record import InputEvent, LayoutShift, Navigation, Record, Resource, ScriptRun
from postflight.errors import CannotMeasure

LONG = 50.0  # milliseconds; a task that is longer blocks input
GAP, WINDOW = 1000.0, 5000.0  # milliseconds between two shifts of one session window, and of the whole window
ONE_IN = 50  # interactions of which the worst one is left out


def read_vitals(record: Record, *, url: str, profile: str, work: Work, interacted_at: float, interacts: bool) -> Vitals:
    """Return the vitals of one visit. `interacted_at` is in milliseconds, as the record is.

    Raises `CannotMeasure` where the browser did not tell of an interaction, and there was one. What is missing is never
    a pass; paints are missing of pages whose content the browser does not count, too (`series` says what follows).
    """
    if record.hidden:
        raise CannotMeasure(
            "The page was in the background while it was measured", expected="a visible page", where=url
        )
    if record.dropped:
        raise CannotMeasure(
            f"The browser told of more than is kept of one visit: {record.dropped} entries are missing", where=url
        )
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    fcp = record.first_contentful_paint
    inp = slowest_interaction(record.events, record.interactions, record.scripts, origin)
    if interacts and inp is None:
        raise CannotMeasure(
            "The browser told of no interaction, though there was one",
            expected="an event-timing entry of a real click or key",
            seen=f"{record.interactions} interactions counted, no entry",
            where=url,
        )
    start = record.navigation.activation_start
    before = [run for run in record.scripts if run.start < interacted_at]
    tasks = [task for task in record.tasks if task.start < interacted_at]
    blocking = [task.duration - LONG for task in tasks if task.start + task.duration > (fcp or 0)]
    return Vitals(
        url=url,
        profile=profile,
        lcp=largest_paint(record, origin) if record.candidates else None,
        cls=worst_window(record.shifts),
        inp=inp if interacts else None,
        fcp=None if fcp is None else _seconds(max(0.0, fcp - start)),
        ttfb=first_byte(record.navigation),
        tbt=_seconds(sum(blocking)),
        long_tasks=len(tasks),
        work=work,
        scripts=_scripts(before, origin),
        arrivals=tuple(_arrival(each, origin) for each in sorted(record.resources, key=lambda r: r.response_end)),
        load=_seconds(record.navigation.load_end),
    )


def first_byte(navigation: Navigation) -> FirstByte:
    """Return TTFB: from the navigation's start (or activation, of a prerendered page) to the answer's first byte."""
    at = max(0.0, navigation.response_start - navigation.activation_start)
    told = navigation.redirects + navigation.name_lookup + navigation.connect
    return FirstByte(
        _seconds(at),
        _seconds(navigation.redirects),
        _seconds(navigation.name_lookup),
        _seconds(navigation.connect),
        _seconds(max(0.0, at - told)),
    )


def largest_paint(record: Record, origin: str) -> LargestPaint:
    """Return LCP and its phases: first byte, load delay, load duration, render delay. Needs a candidate."""
    last, start = record.candidates[-1], record.navigation.activation_start
    at = max(0.0, last.at - start)
    first = max(0.0, record.navigation.response_start - start)
    file = _file_of(last.url, last.at, record.resources)
    requested = max(first, (file.request_start or file.start) - start) if file else first
    there = min(at, max(requested, file.response_end - start)) if file else requested
    return LargestPaint(
        at=_seconds(at),
        element=last.element,
        path=_path(last.url, origin),
        lazy=last.lazy,
        first_byte=_seconds(first),
        load_delay=_seconds(requested - first),
        load_duration=_seconds(there - requested),
        render_delay=_seconds(at - there),
    )


def worst_window(shifts: Iterable[LayoutShift]) -> Stability:
    """Return CLS: the largest sum of a session window, which ends after 1 s without a shift, and after 5 s anyway."""
    windows: list[list[LayoutShift]] = []
    for shift in shifts:
        if shift.recent_input:
            continue
        last = windows[-1] if windows else []
        if last and shift.at - last[-1].at < GAP and shift.at - last[0].at < WINDOW:
            last.append(shift)
        else:
            windows.append([shift])
    worst = max(windows, key=_score, default=[])
    told = tuple(
        Shift(_seconds(s.at), s.value, tuple(Moved(n.element, n.moved, n.replaced_by) for n in s.nodes))
        for s in sorted(worst, key=lambda shift: -shift.value)
    )
    return Stability(_score(worst), told)


def slowest_interaction(
    events: Iterable[InputEvent], interactions: int, scripts: Sequence[ScriptRun], origin: str
) -> Interaction | None:
    """Return what INP is about: the slowest interaction, of 50 and more the second slowest, and so on."""
    by_interaction: dict[int, list[InputEvent]] = {}
    for event in events:
        by_interaction.setdefault(event.interaction, []).append(event)
    if not by_interaction:
        return None
    ordered = sorted(by_interaction.values(), key=lambda group: -max(event.duration for event in group))
    return _interaction(ordered[min(len(ordered) - 1, interactions // ONE_IN)], interactions, scripts, origin)


def _interaction(
    events: Sequence[InputEvent], interactions: int, scripts: Sequence[ScriptRun], origin: str
) -> Interaction:
    """Return an interaction as its slowest event tells it; processing is that of all its events up to the same frame.

    A click's time begins with pointerdown or pointerup, but what is slow is mostly the listener to click itself.
    """
    slow = max(events, key=lambda event: event.duration)
    end = slow.start + slow.duration
    together = [each for each in events if each is slow or slow.start <= each.processing_start < end]
    busiest = max(together, key=lambda each: each.processing_end - each.processing_start)
    began = min(each.processing_start for each in together)
    processed = min(max(end, began), max(each.processing_end for each in together))
    ran = [run for run in scripts if run.start < end and run.start + run.duration > slow.start]
    return Interaction(
        seconds=_seconds(slow.duration),
        kind=_kind(busiest.kind),
        target=busiest.target,
        at=_seconds(slow.start),
        input_delay=_seconds(began - slow.start),
        processing=_seconds(max(0.0, processed - began)),
        presentation=_seconds(max(0.0, end - processed)),
        count=max(interactions, 1),
        scripts=_scripts(ran, origin),
    )


def _kind(event: str) -> str:
    """Return what a person did: an interaction has several events, of which one was the slowest."""
    return "key press" if event.startswith("key") else "click" if event in _OF_A_CLICK else event


_OF_A_CLICK = frozenset({"click", "auxclick", "mousedown", "mouseup", "pointerdown", "pointerup"})


def _score(window: Iterable[LayoutShift]) -> float:
    return sum(shift.value for shift in window)


def _file_of(url: str, painted: float, resources: Sequence[Resource]) -> Resource | None:
    """Return the file that was painted: the latest of this address that was asked for before."""
    fitting = [r for r in resources if url and r.url == url and (r.request_start or r.start) <= painted]
    return fitting[-1] if fitting else None


def _arrival(resource: Resource, origin: str) -> Arrival:
    asked, there = _seconds(resource.start), _seconds(resource.response_end)
    return Arrival(_path(resource.url, origin), asked, there, resource.blocking, resource.initiator)


def _scripts(runs: Iterable[ScriptRun], origin: str) -> tuple[Script, ...]:
    return tuple(
        Script(
            _path(run.url, origin),
            run.invoker,
            run.function,
            _seconds(run.start),
            _seconds(run.duration),
            _seconds(run.forced_layout),
        )
        for run in sorted(runs, key=lambda run: -run.duration)
    )


def _path(url: str, origin: str) -> str:
    """Return an address of the page's own site as path, without its query: that may hold what is nobody's business."""
    bare = url.partition("?")[0].partition("#")[0]
    return bare.removeprefix(origin) if bare.startswith(f"{origin}/") else bare


def _seconds(milliseconds: float) -> float:
    return milliseconds / 1000
