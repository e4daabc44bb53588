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
    scraped: bool = False  # by a real Prometheus, which deployments.yaml then names


API = "test_api_answers_quickly"
HEALTH = "test_health_documents_answer_quickly"
LANDING = "test_landing_page_answers_quickly"

LATENCY = (
    Planted("slow-region", (HEALTH,), ("only region sfo is slow: its median is 7", "waiting for the first byte of")),
    Planted("slow-route", (API,), ("of it waiting for the first byte of GET /api/projects/{id}",)),
    Planted("slow-tail", (API,), ("a tail: ", "% of the answers take long, and the median is")),
    Planted("slow-body", (API,), ("of it for the body after its first byte of GET /api/projects/{id}/files",)),
    Planted("slow-handshake", (LANDING, HEALTH), ("for the TLS handshake of",), ("--tls",)),
    Planted("connections-closed", ("test_connections_are_kept_open",), ("20 answers said `Connection: close`",)),
    Planted(
        "query-per-item",
        ("test_a_list_costs_little_for_each_item",),
        ("files is scanned ", "times more, as by a query for each (N+1)"),
    ),
    Planted("slow-statement", ("test_database_answers_quickly",), ("select pg_sleep(?)",)),
    Planted(
        "connection-leak",
        ("test_database_connections_are_given_back",),
        ("connections are opened and never given back",),
    ),
    Planted("connections-crowded", ("test_database_has_connections_left",), ("and its limit here is 50",)),
    Planted(
        "transaction-left-open",
        ("test_no_transaction_is_left_open",),
        ("idle in transaction after select count(*) from projects where name = ?",),
    ),
)

PROCESSORS, MEMORY, DISKS = "test_processors_have_room", "test_memory_has_room", "test_disks_have_room"
_UTILISED = (
    # all at once: they do not hide each other
    Planted(
        "disk-full",
        (PROCESSORS, MEMORY, DISKS),
        ("resources.cpu was 9", "resources.memory was 91 %", "resources.disk was 94 %"),
        ("--fault", "processors-busy", "--fault", "memory-full"),
    ),
    Planted("processors-busy", (PROCESSORS,), ("resources.cpu was 9", 'instance="', "the largest of 2")),
    Planted("memory-full", (MEMORY,), ("resources.memory was 91 %", "allowed is at most 80 %", 'instance="')),
    Planted("disk-full", (DISKS,), ("resources.disk was 94 %", 'mountpoint="/srv"', "the largest of 4")),
    Planted("memory-untold", (MEMORY,), ("nothing was told in the last", "an old value is no value")),
    Planted("memory-stale", (MEMORY,), ("nothing was told in the last", "an old value is no value")),
)
RESOURCES = tuple(replace(planted, scraped=True) for planted in _UTILISED)

# each is measured on every page, so that what all pages load is found on all of them
_AT_ONCE = (
    "requests-many", "api-chatter", "script-twice", "stranger-asked", "redirect-chain", "dom-exploded", "script-unused",
    "hero-oversized", "font-hides", "preload-unused", "script-blocks", "asset-unpacked", "asset-not-kept",
)  # fmt: skip
WEIGHT = (
    # one for each check, all at once: they do not hide each other, and one platform is started instead of fourteen
    Planted(
        "document-huge",
        (
            "test_bytes",
            "test_requests",
            "test_api_is_not_asked_item_by_item",
            "test_nothing_is_fetched_twice",
            "test_third_parties_are_known",
            "test_page_is_reached_directly",
            "test_elements",
            "test_scripts_are_used",
            "test_images_fit_their_boxes",
            "test_fonts",
            "test_preloads_are_used",
            "test_nothing_holds_rendering_back",
            "test_text_is_compressed",
            "test_assets_are_kept",
        ),
        (
            "/: 6",
            "image 4",
            "13 requests",
            "chart-copy.js",
            "localhost:",
            "only leads on",
            "toolbox.js",
            "hero.png",
            "a.ttf",
            "spare.svg",
            "consent.js",
            "site.css",
            "site.js",
        ),
        tuple(part for fault in _AT_ONCE for part in ("--fault", fault)),
    ),
    Planted("bundle-huge", ("test_bytes",), ("bytes.script was 25", "/static/planted/everything.js: 25")),
    Planted("document-huge", ("test_bytes",), ("landing.bytes.document was 6", "/: 6")),
    Planted("answer-huge", ("test_bytes",), ("projects.bytes.fetch was", "/api/projects: ")),
    Planted("requests-many", ("test_requests",), ("landing.requests.total was 49", "image 46")),
    Planted(
        "api-chatter", ("test_api_is_not_asked_item_by_item",), ("GET /api/projects: 13 requests from one page view",)
    ),
    Planted(
        "script-twice",
        ("test_nothing_is_fetched_twice",),
        ("chart-copy.js: has the same content as /static/planted/chart.js",),
    ),
    Planted("asked-twice", ("test_nothing_is_fetched_twice",), ("/api/flags: was fetched 2 times",)),
    Planted(
        "stranger-asked",
        ("test_third_parties_are_known",),
        ("localhost:", "a third party that deployments.yaml does not allow: image /static/planted/tile-1.svg"),
    ),
    Planted("redirect-chain", ("test_page_is_reached_directly",), ("landing.redirects.page was 2", "only leads on")),
    Planted("dom-exploded", ("test_elements",), ("landing.dom.nodes was 3051",)),
    Planted(
        "script-unused",
        ("test_scripts_are_used",),
        ("script.unused was", "/static/planted/toolbox.js", "never executed"),
    ),
    Planted(
        "hero-oversized",
        ("test_images_fit_their_boxes",),
        ("/static/planted/hero.png: 2400 x 1650 pixels in a box of",),
    ),
    Planted("font-hides", ("test_fonts",), ("/static/planted/a.ttf: font-display is auto", "found late")),
    Planted("fonts-many", ("test_fonts",), ("landing.fonts.files was 4", "/static/planted/")),
    Planted("preload-unused", ("test_preloads_are_used",), ("/static/planted/spare.svg: preloaded and not used",)),
    Planted(
        "script-blocks",
        ("test_nothing_holds_rendering_back",),
        ("/static/planted/consent.js: nothing is shown until this script has come",),
    ),
    Planted(
        "asset-unpacked", ("test_text_is_compressed",), ("/static/site.css: the style is sent without compression",)
    ),
    Planted(
        "answer-unpacked", ("test_text_is_compressed",), ("/api/projects: the answer is sent without compression",)
    ),
    Planted(
        "asset-not-kept", ("test_assets_are_kept",), ("/static/site.js: does not say for how long it may be kept",)
    ),
    Planted("asset-kept-briefly", ("test_assets_are_kept",), ("/static/hero.svg: is kept for 10 min only",)),
)

_REACHED = "test_everything_is_reached_by_keyboard"
_FLOW = "test_main_flow_works_by_keyboard"
_READ = "test_page_can_be_read_on_phones"
_WCAG = "test_page_meets_wcag"

ACCESS = (
    Planted("zoom-forbidden", (_READ, _WCAG), ("maximum-scale=1 forbids zooming to 200 %", "meta-viewport")),
    Planted("image-without-alt", (_WCAG,), ("image-alt (critical, WCAG 1.1.1", '<img src="/static/hero.svg')),
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
    # found by the first check of the page: the others meet the same, and it is told once
    Planted(
        "endless-key", APPEARS, ("The page hangs: it no longer answers to a key or a click", "more checks met the same")
    ),
    Planted("busy-after-load", SPARES, ("CPU", "script", "/static/planted/hydrate.js")),
    Planted("layout-thrash", SPARES, ("CPU", "layouts of", "forced by /static/planted/rows.js")),
    Planted("dom-explosion", (*ANSWERS, *SPARES), ("CPU", "elements", "key press on body")),  # Tab looks through all
    Planted("unload-listener", ("test_page_can_be_returned_to",), ("unload", "/static/planted/farewell.js")),
)

# each is about the landing page: a phone's visit shows it
VITALS = tuple(replace(planted, only=("-k", "landing-mobile")) for planted in _FELT)

TABLE = (*VITALS, *LATENCY, *RESOURCES, *WEIGHT, *ACCESS)

_BY_DEFAULT = (
    "late-banner", "slow-click", "slow-route", "connection-leak", "disk-full", "memory-stale", "document-huge",
    "contrast-low", "button-off-keyboard", "wide-on-phones",
)  # fmt: skip
SAMPLE = tuple(next(row for row in TABLE if row.fault == name) for name in _BY_DEFAULT)
"""Of each part some, because each takes its time; `make prove` plants all."""
