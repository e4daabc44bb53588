"""Which fault of performance, weight, latency and accessibility turns which checks red, and how its cause is named.

Complete: no other check of stage performance may fail. Each part of the stage has a table of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault, the checks (functions) that must fail, and words that the finding must say: the true cause."""

    fault: str
    fails: tuple[str, ...]
    says: tuple[str, ...]
    arguments: tuple[str, ...] = ()  # how the reference platform is started


_REACHED = "test_everything_is_reached_by_keyboard"
_FLOW = "test_main_flow_works_by_keyboard"
_READ = "test_page_can_be_read_on_phones"
_WCAG = "test_page_meets_wcag"

ACCESS = (
    Planted("zoom-forbidden", (_READ, _WCAG), ("maximum-scale=1 forbids zooming to 200 %", "meta-viewport")),
    Planted("image-without-alt", (_WCAG,), ("image-alt (critical, WCAG 1.1.1", '<img src="/static/hero.svg"')),
    Planted("field-without-label", (_WCAG,), ("label (critical, WCAG 4.1.2", "#email")),
    Planted("language-missing", (_WCAG,), ("html-has-lang (serious, WCAG 3.1.1",)),
    Planted("role-mistaken", (_WCAG,), ("aria-required-children (critical, WCAG 1.3.1", 'ul[role="tablist"]')),
    Planted("contrast-low", (_WCAG,), ("color-contrast (serious, WCAG 1.4.3, light)", ".lead")),
    Planted("contrast-low-in-dark", (_WCAG,), ("color-contrast (serious, WCAG 1.4.3, dark)", "footer > p")),
    Planted(
        "button-off-keyboard",
        (_REACHED, _FLOW),
        ("button[data-testid=create-project]", "not reached by Tab: tabindex=-1"),
    ),
    Planted("button-of-div", (_REACHED,), ("div[data-testid=cta]", "a div with onclick is no button")),
    Planted("keyboard-trap", (_REACHED, _FLOW), ("a keyboard trap: Tab does not leave input#email",)),
    Planted("order-confused", (_REACHED,), ("Tab goes back from input#password", "tabindex=1")),
    Planted("focus-invisible", ("test_focus_is_seen",), ("a[data-testid=cta]", "looks the same with the focus")),
    Planted("skip-link-broken", ("test_skip_link_leads_to_the_content",), ("leads nowhere", "id=main")),
    Planted("wide-on-phones", ("test_page_fits_phones",), ("at 320 px the page scrolls sideways", "sticks out by")),
    Planted("text-tiny", (_READ,), ("text below 12 px", "9 px")),
    Planted("dark-forgotten", ("test_dark_page_is_dark",), ("stays light", "meta color-scheme")),
    Planted("motion-forced", ("test_motion_can_be_declined",), ("the animation 'sway' for ever",)),
    Planted("offline-page-missing", ("test_page_answers_offline",), ("offline is the browser's own error",)),
)

TABLE: tuple[Planted, ...] = (*ACCESS,)
