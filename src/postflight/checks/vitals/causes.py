"""Why a figure is what it is, in words: `LCP 3.1 s: img.hero, 2.2 s of it load duration of /static/hero.svg`.

Words do not decide anything; they name what took the most of the time, so that a person knows where to begin.
"""

from collections.abc import Callable, Mapping

from postflight.checks.vitals.model import Arrival, FirstByte, Interaction, LargestPaint, Script, Shift, Vitals
from postflight.model import Quantity, Unit

SOON = 0.5  # seconds after the first byte: what is asked for until then is not late
JUST_BEFORE = 0.25  # seconds between what arrived and what it changed on the page
MAIN_PART = 0.4  # of a time: what takes so much of it is named as its cause
MANY_LAYOUTS = 50


def explain(metric: str, vitals: Vitals) -> str:
    """Return the words for `lcp`, `cls`, `inp`, `fcp`, `ttfb`, `cpu` or `tbt` of one visit."""
    return _WORDS[metric](vitals)


def _lcp(vitals: Vitals) -> str:
    lcp = vitals.lcp
    if lcp is None:
        return "LCP: the browser told of none"
    said = f"LCP {_s(lcp.at)}: {lcp.element}"
    phases = {
        "first byte": lcp.first_byte,
        "load delay": lcp.load_delay,
        "load duration": lcp.load_duration,
        "render delay": lcp.render_delay,
    }
    phase = max(phases, key=lambda name: phases[name])
    part = f"{said}, {_s(phases[phase])} of it"
    match phase:
        case "first byte":
            return f"{part} until the first byte ({_of_first_byte(vitals.ttfb)})"
        case "load delay":
            return f"{part} resource load delay: {lcp.path} is {_asked_for(lcp, vitals)}"
        case "load duration":
            return f"{part} resource load duration {lcp.path}"
        case _:
            return f"{part} render delay: {_held_up(lcp.at, vitals)}"


def _asked_for(lcp: LargestPaint, vitals: Vitals) -> str:
    """Say when the largest paint's file was asked for, and why so late."""
    asked = lcp.first_byte + lcp.load_delay
    if lcp.load_delay < SOON:
        return f"asked for at {_s(asked)}"
    if lcp.lazy:
        return f"asked for at {_s(asked)} only, because it has loading=lazy"
    before = [each for each in vitals.arrivals if each.path != lcp.path and asked - JUST_BEFORE < each.there <= asked]
    after = f", after {before[-1].path} had come" if before else ", and no file had just come: by a timer?"
    return f"discovered late, asked for at {_s(asked)}{after}"


def _cls(vitals: Vitals) -> str:
    cls = vitals.cls
    if not cls.shifts:
        return f"CLS {cls.score:.2f}: nothing moved"
    worst = cls.shifts[0]
    more = f" (and {len(cls.shifts) - 1} more shifts)" if len(cls.shifts) > 1 else ""
    return f"CLS {cls.score:.2f}: {_moved(worst)}{_arrived_before(worst.at, vitals)}{more}"


def _moved(shift: Shift) -> str:
    if not shift.nodes:
        return f"something moved at {_s(shift.at)}"
    # what now stands in a node's place and has not moved itself is what pushed it
    pushed = [n for n in shift.nodes if n.pixels and n.replaced_by and not _is_mover(n.replaced_by, shift)]
    node = pushed[0] if pushed else max(shift.nodes, key=lambda each: each.pixels)
    moved = f"moved {node.pixels:.0f} px" if node.pixels else "came into view or left it"
    by = f", where it was stands {node.replaced_by}" if pushed else ""
    return f"{node.element} {moved} at {_s(shift.at)}{by}"


def _is_mover(element: str, shift: Shift) -> bool:
    return any(element == mover.element or element.startswith(f"{mover.element} >") for mover in shift.nodes)


def _inp(vitals: Vitals) -> str:
    inp = vitals.inp
    if inp is None:
        return "INP: nobody interacted"
    phases = {"processing": inp.processing, "input delay": inp.input_delay, "presentation delay": inp.presentation}
    phase = max(phases, key=lambda name: phases[name])
    said = f"INP {_s(inp.seconds)}: {inp.kind} on {inp.target}, {_s(phases[phase])} of it {phase}"
    return f"{said}{_by_scripts(inp)}"


def _by_scripts(inp: Interaction) -> str:
    if not inp.scripts:
        return ""
    script = inp.scripts[0]
    forced = script.forced_layout
    layout = f", {_s(forced)} of it layout that it forces" if forced > script.seconds * MAIN_PART else ""
    return f" ({_script(script)}{layout})"


def _fcp(vitals: Vitals) -> str:
    if vitals.fcp is None:
        return "FCP: the browser told of none"
    if vitals.ttfb.at > vitals.fcp * MAIN_PART:
        at = _s(vitals.ttfb.at)
        return f"FCP {_s(vitals.fcp)}: {at} of it until the first byte ({_of_first_byte(vitals.ttfb)})"
    return f"FCP {_s(vitals.fcp)}: {_held_up(vitals.fcp, vitals)}"


def _held_up(painted: float, vitals: Vitals) -> str:
    """Say what kept the page from painting until then: a blocking file, a script at work, or nothing that blocks."""
    blocking = max((a for a in vitals.arrivals if a.blocking and a.there <= painted), key=_there, default=None)
    working = next((s for s in vitals.scripts if s.start < painted), None)
    if working is not None and working.seconds > painted * MAIN_PART:
        return f"the main thread is busy with {_script(working)}"
    if blocking is not None and blocking.there > painted * MAIN_PART:
        took = _s(blocking.there - blocking.asked)
        return f"{blocking.path} blocks rendering until {_s(blocking.there)} ({took} to load)"
    late = max((a for a in vitals.arrivals if a.there <= painted), key=_there, default=None)
    if late is not None and painted - late.there < JUST_BEFORE:
        return f"nothing blocks rendering, and yet nothing is shown until {late.path} has come at {_s(late.there)}"
    return "nothing blocks rendering: the page shows it late by itself (hidden until a script or a timer reveals it?)"


def _ttfb(vitals: Vitals) -> str:
    return f"TTFB {_s(vitals.ttfb.at)}: {_of_first_byte(vitals.ttfb)}"


def _of_first_byte(ttfb: FirstByte) -> str:
    phases = {
        "waiting for the server": ttfb.waiting,
        "redirects": ttfb.redirects,
        "name lookup": ttfb.name_lookup,
        "connecting": ttfb.connect,
    }
    phase = max(phases, key=lambda name: phases[name])
    return f"{_s(phases[phase])} of it {phase}"


def _cpu(vitals: Vitals) -> str:
    work = vitals.work
    parts = {
        f"script{_busiest(vitals)}": work.script,
        f"layout ({work.layouts} layouts of {work.elements} elements)": work.layout,
        f"style ({work.styles} recalculations of {work.elements} elements)": work.style,
    }
    part = max(parts, key=lambda name: parts[name])
    said = f"CPU {_s(work.thread)} of the main thread: {_s(parts[part])} of it {part}"
    forcing = max(vitals.scripts, key=lambda script: script.forced_layout, default=None)
    if forcing is not None and forcing.forced_layout > forcing.seconds * MAIN_PART and work.layouts > MANY_LAYOUTS:
        said += f", forced by {_script(forcing)}"
    return said


def _busiest(vitals: Vitals) -> str:
    return f": {_script(vitals.scripts[0])}" if vitals.scripts else ""


def _tbt(vitals: Vitals) -> str:
    return f"TBT {_s(vitals.tbt)} in {vitals.long_tasks} long tasks{_busiest(vitals)}"


def _arrived_before(at: float, vitals: Vitals) -> str:
    """Name what had just arrived: mostly a font, a style sheet or an image without a size."""
    just = [each for each in vitals.arrivals if at - JUST_BEFORE < each.there <= at]
    return f", just after {just[-1].path} had come" if just else ""


def _script(script: Script) -> str:
    called = f" ({script.invoker})" if script.path and script.invoker and script.invoker not in script.path else ""
    name = script.name if script.path else script.invoker or script.name
    return f"{name}{called}, {_s(script.seconds)}"


def _there(arrival: Arrival) -> float:
    return arrival.there


def _s(seconds: float) -> str:
    return str(Quantity(seconds, Unit.SECONDS))


_WORDS: Mapping[str, Callable[[Vitals], str]] = {
    "lcp": _lcp,
    "cls": _cls,
    "inp": _inp,
    "fcp": _fcp,
    "ttfb": _ttfb,
    "cpu": _cpu,
    "tbt": _tbt,
}
