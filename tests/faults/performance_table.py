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

TABLE: tuple[Planted, ...] = (*WEIGHT,)
