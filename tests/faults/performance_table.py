"""Which fault of performance, weight, latency and accessibility turns which checks red, and how its cause is named.

Complete: no other check of stage performance may fail. Each part of the stage has a table of its own.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Planted:
    """One fault, the checks (functions) that must fail, and words that the finding must say: the true cause."""

    fault: str
    fails: tuple[str, ...]
    says: tuple[str, ...]
    arguments: tuple[str, ...] = ()  # how the reference platform is started
    only: tuple[str, ...] = ()  # pytest's options that narrow a run of its owners to the pages that it is about


APPEARS, STILL, ANSWERS, SPARES = (
    ("test_page_appears_in_time",),
    ("test_page_holds_still",),
    ("test_page_answers_input_in_time",),
    ("test_page_spares_the_processor",),
)
_FELT = (
    Planted("late-banner", STILL, ("CLS", "moved", "stands aside.banner")),
    Planted("late-styles", STILL, ("CLS", "moved", "just after /static/planted/late.css had come")),
    Planted("slow-asset", APPEARS, ("LCP", "section.hero > img", "resource load duration /static/hero")),
    Planted(
        "hero-late",
        APPEARS,
        ("LCP", "resource load delay", "discovered late", "after /static/planted/hero.json had come"),
    ),
    Planted("blocking-styles", APPEARS, ("LCP", "/static/planted/theme.css blocks rendering")),
    Planted("blocking-script", APPEARS, ("LCP", "/static/planted/tags.js blocks rendering")),
    Planted("late-first-byte", APPEARS, ("LCP", "until the first byte", "waiting for the server")),
    Planted("hidden-until-ready", APPEARS, ("LCP", "nothing blocks rendering")),
    Planted("slow-click", ANSWERS, ("INP", "click on a.button", "processing", "/static/planted/shop.js")),
    Planted("slow-frame", ANSWERS, ("INP", "click on a.button", "presentation delay", "/static/planted/animate.js")),
    Planted("slow-key", ANSWERS, ("INP", "key press on", "processing", "/static/planted/validate.js")),
    Planted("busy-after-load", SPARES, ("CPU", "script", "/static/planted/hydrate.js")),
    Planted("layout-thrash", SPARES, ("CPU", "layouts of", "forced by /static/planted/rows.js")),
    Planted("dom-explosion", (*ANSWERS, *SPARES), ("CPU", "elements", "key press on body")),  # Tab looks through all
    Planted("unload-listener", ("test_page_can_be_returned_to",), ("unload", "/static/planted/farewell.js")),
)

# each is about the landing page: a phone's visit shows it
VITALS = tuple(replace(planted, only=("-k", "landing-mobile")) for planted in _FELT)

TABLE: tuple[Planted, ...] = (*VITALS,)
