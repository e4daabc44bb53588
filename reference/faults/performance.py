"""Faults of what people feel, what pages weigh, of latency and the database, of looks and of access."""

from reference.faults.fault import Fault

# Latency by phase, and the database (api_faults.py, and where projects are listed and connections are served)
SLOW_REGION = Fault("slow-region", "the health of region sfo takes 700 ms longer", ("VEL-P1", "VRO-T1"))
SLOW_ROUTE = Fault("slow-route", "reading a project takes 600 ms longer", ("P13-P1", "VRO-P1"))
SLOW_TAIL = Fault("slow-tail", "every tenth answer about projects and previews takes 600 ms longer", ("P13-P1",))
SLOW_BODY = Fault("slow-body", "the second half of a list of files comes 600 ms after the first", ("P13-P1",))
SLOW_HANDSHAKE = Fault("slow-handshake", "each TLS handshake takes 350 ms longer", ("VEL-P1",))
CONNECTIONS_CLOSED = Fault("connections-closed", "each answer of the web service ends its connection", ("VEL-P1",))
QUERY_PER_ITEM = Fault("query-per-item", "a list of projects asks for each one's files (N+1)", ("P13-P1", "VRO-P1"))
SLOW_STATEMENT = Fault("slow-statement", "a statement of the list of projects takes 150 ms", ("VRO-P1",))
CONNECTION_LEAK = Fault("connection-leak", "every sixth list of projects leaves a connection open", ("VEL-P4",))
CONNECTIONS_CROWDED = Fault("connections-crowded", "42 connections to the database are held", ("VEL-P4", "P13-P1"))
TRANSACTION_LEFT_OPEN = Fault("transaction-left-open", "a transaction is begun and never ended", ("VEL-P4",))

IN_LATENCY = frozenset({
    SLOW_REGION, SLOW_ROUTE, SLOW_TAIL, SLOW_BODY, CONNECTIONS_CLOSED, CONNECTION_LEAK, CONNECTIONS_CROWDED,
    TRANSACTION_LEFT_OPEN,
})  # fmt: skip

# What people see of the landing page
HERO_MOVED = Fault("hero-moved", "the hero image has moved by some pixels", ("VIB-V1",))
BUTTON_RECOLOURED = Fault("button-recoloured", "the button that matters most has another colour", ("VIB-V1",))
SECTION_MISSING = Fault("section-missing", "the section of features is gone", ("VIB-V1",))
TEXT_SMALLER = Fault("text-smaller", "the lead's letters are smaller", ("VIB-V1",))
BANNER_OVERLAPS = Fault("banner-overlaps", "a banner lies over the masthead", ("VIB-V1",))
HEAVY_LANDING = Fault(
    "heavy-landing",
    "the landing page waits for a heavy script, is busy for two seconds, and shifts",
    ("VEL-P2", "P13-P1"),
)

SEEN = frozenset({HERO_MOVED, BUTTON_RECOLOURED, SECTION_MISSING, TEXT_SMALLER, BANNER_OVERLAPS, HEAVY_LANDING})

# What pages weigh (weight_faults.py). The two bundles are faults of a release beside the one before it
BUNDLE_ADDED = Fault("bundle-added", "pages load a bundle of 40 KB that they did without before", ("VEL-P3", "P13-L2"))
BUNDLE_HEAVIER = Fault("bundle-heavier", "that bundle, 10 % heavier", ("VEL-P3", "P13-L2"))
BUNDLE_HUGE = Fault("bundle-huge", "pages load a bundle of 250 KB", ("VEL-P3", "P13-P1"))
DOCUMENT_HUGE = Fault("document-huge", "the landing page carries 60 KB of data in its markup", ("VEL-P3", "P13-P1"))
ASSET_UNPACKED = Fault("asset-unpacked", "the style sheet is sent uncompressed", ("VEL-P3",))
ANSWER_UNPACKED = Fault("answer-unpacked", "the list of projects is sent uncompressed", ("VEL-P3",))
ANSWER_HUGE = Fault("answer-huge", "the list of projects brings 120 KB that nobody shows", ("VEL-P3",))
ASSET_NOT_KEPT = Fault("asset-not-kept", "scripts do not say how long they may be kept", ("P13-P1",))
ASSET_KEPT_BRIEFLY = Fault("asset-kept-briefly", "images are kept for ten minutes", ("P13-P1",))
SCRIPT_BLOCKS = Fault("script-blocks", "a script in the head holds the landing page's rendering back", ("P13-P1",))
HERO_OVERSIZED = Fault("hero-oversized", "the hero image is a PNG of 2400 x 1650 pixels", ("VEL-P3",))
API_CHATTER = Fault("api-chatter", "the projects page asks for its projects one by one", ("P13-P1",))
SCRIPT_TWICE = Fault("script-twice", "the landing page loads a script under a second name, too", ("VEL-P3",))
ASKED_TWICE = Fault("asked-twice", "the landing page asks for the flags twice", ("VEL-P3",))
STRANGER_ASKED = Fault("stranger-asked", "the landing page loads an image of another origin", ("P13-P1",))
SCRIPT_UNUSED = Fault("script-unused", "pages load a bundle that they never call", ("VEL-P3",))
DOM_EXPLODED = Fault("dom-exploded", "the landing page has 3000 elements more", ("P13-P1",))
FONT_HIDES = Fault("font-hides", "text of the landing page is hidden until its font has come", ("P13-P1",))
FONTS_MANY = Fault("fonts-many", "the landing page loads four fonts", ("VEL-P3",))
REDIRECT_CHAIN = Fault("redirect-chain", "the landing page is reached over two redirects", ("P13-P1",))
PRELOAD_UNUSED = Fault("preload-unused", "the landing page preloads an image that it does not show", ("VEL-P3",))
REQUESTS_MANY = Fault("requests-many", "the landing page loads 45 little images", ("P13-P1",))

OF_WEIGHT = frozenset({
    BUNDLE_ADDED, BUNDLE_HEAVIER, BUNDLE_HUGE, DOCUMENT_HUGE, ASSET_UNPACKED, ANSWER_UNPACKED, ANSWER_HUGE,
    ASSET_NOT_KEPT, ASSET_KEPT_BRIEFLY, SCRIPT_BLOCKS, HERO_OVERSIZED, API_CHATTER, SCRIPT_TWICE, ASKED_TWICE,
    STRANGER_ASKED, SCRIPT_UNUSED, DOM_EXPLODED, FONT_HIDES, FONTS_MANY, REDIRECT_CHAIN, PRELOAD_UNUSED, REQUESTS_MANY,
})  # fmt: skip

# Who is shut out: people who do not see, do not point, hold a phone, or lost the network (access_faults.py)
IMAGE_WITHOUT_ALT = Fault(
    "image-without-alt", "the landing page's hero has no words for who does not see it", ("P13-A1",)
)
FIELD_WITHOUT_LABEL = Fault("field-without-label", "nothing says what the first field of /login is for", ("P13-A1",))
LANGUAGE_MISSING = Fault("language-missing", "pages do not say their language", ("P13-A1",))
ROLE_MISTAKEN = Fault("role-mistaken", "the landing page's menu says that it is a list of tabs", ("P13-A1",))
CONTRAST_LOW = Fault("contrast-low", "the landing page's first words are pale", ("P13-A1",))
CONTRAST_LOW_IN_DARK = Fault("contrast-low-in-dark", "the footer is pale where colours are dark", ("P13-A1",))
BUTTON_OFF_KEYBOARD = Fault("button-off-keyboard", "the button to create a project has tabindex=-1", ("P13-A1",))
BUTTON_OF_DIV = Fault("button-of-div", "the landing page's button is a div with onclick", ("P13-A1",))
KEYBOARD_TRAP = Fault("keyboard-trap", "Tab does not leave the first field of /login", ("P13-A1",))
ORDER_CONFUSED = Fault("order-confused", "Tab goes from the password up to the page's top", ("P13-A1",))
FOCUS_INVISIBLE = Fault("focus-invisible", "buttons look the same with the focus and without", ("P13-A1",))
SKIP_LINK_BROKEN = Fault("skip-link-broken", "the link to the content leads nowhere", ("P13-A1",))
WIDE_ON_PHONES = Fault("wide-on-phones", "the landing page's features are wider than a phone", ("P13-A1",))
TEXT_TINY = Fault("text-tiny", "the footer is written in 9 px", ("P13-A1",))
ZOOM_FORBIDDEN = Fault("zoom-forbidden", "pages cannot be enlarged on phones", ("P13-A1",))
DARK_FORGOTTEN = Fault("dark-forgotten", "pages say that they know dark colours, and stay light", ("P13-A1",))
MOTION_FORCED = Fault("motion-forced", "the hero sways, also for who asks for less motion", ("P13-A1",))
OFFLINE_PAGE_MISSING = Fault(
    "offline-page-missing", "a service worker is there, and answers nothing offline", ("P13-A1",)
)

SHUTTING_OUT = frozenset({
    IMAGE_WITHOUT_ALT, FIELD_WITHOUT_LABEL, LANGUAGE_MISSING, ROLE_MISTAKEN, CONTRAST_LOW, CONTRAST_LOW_IN_DARK,
    BUTTON_OFF_KEYBOARD, BUTTON_OF_DIV, KEYBOARD_TRAP, ORDER_CONFUSED, FOCUS_INVISIBLE, SKIP_LINK_BROKEN,
    WIDE_ON_PHONES, TEXT_TINY, ZOOM_FORBIDDEN, DARK_FORGOTTEN, MOTION_FORCED, OFFLINE_PAGE_MISSING,
})  # fmt: skip

# What people feel (vitals_faults.py)
LATE_BANNER = Fault("late-banner", "a banner pushes the landing page down after it was shown", ("P13-P1",))
LATE_STYLES = Fault("late-styles", "a late style sheet gives the landing page another font and place", ("P13-P1",))
HERO_LATE = Fault("hero-late", "a script asks for the hero image, after it has asked for something slow", ("P13-P1",))
BLOCKING_STYLES = Fault("blocking-styles", "a style sheet that takes 4 s blocks rendering", ("P13-P1",))
BLOCKING_SCRIPT = Fault("blocking-script", "a script that takes 4 s blocks rendering", ("P13-P1",))
LATE_FIRST_BYTE = Fault("late-first-byte", "the landing page's first byte takes 3 s", ("P13-P1",))
HIDDEN_UNTIL_READY = Fault("hidden-until-ready", "the landing page shows itself after 4 s", ("P13-P1",))
SLOW_CLICK = Fault("slow-click", "a click on the landing page is worked on for 900 ms", ("P13-P1",))
SLOW_FRAME = Fault("slow-frame", "the frame after a click takes 900 ms", ("P13-P1",))
SLOW_KEY = Fault("slow-key", "a key on the landing page is worked on for 700 ms", ("P13-P1",))
ENDLESS_KEY = Fault("endless-key", "a key on the landing page starts a script that never ends", ("P13-P1",))
BUSY_AFTER_LOAD = Fault("busy-after-load", "a script works for 2.5 s after the page was loaded", ("P13-P1",))
LAYOUT_THRASH = Fault("layout-thrash", "a script forces thousands of layouts", ("P13-P1",))
DOM_EXPLOSION = Fault("dom-explosion", "a script puts 200,000 elements into the page", ("P13-P1",))
UNLOAD_LISTENER = Fault("unload-listener", "the landing page listens to `unload`: no instant way back", ("P13-P1",))

FELT = frozenset({
    LATE_BANNER, LATE_STYLES, HERO_LATE, BLOCKING_STYLES, BLOCKING_SCRIPT, LATE_FIRST_BYTE, HIDDEN_UNTIL_READY,
    SLOW_CLICK, SLOW_FRAME, SLOW_KEY, ENDLESS_KEY, BUSY_AFTER_LOAD, LAYOUT_THRASH, DOM_EXPLOSION, UNLOAD_LISTENER,
})  # fmt: skip

# The machine that the web service says it runs on (machine.py)
PROCESSORS_BUSY = Fault("processors-busy", "the web service's processors are busy 95 % of the time", ("P13-P1",))
MEMORY_FULL = Fault("memory-full", "91 % of the web service's memory is in use", ("P13-P1",))
DISK_FULL = Fault("disk-full", "the second disk of the web service is 94 % full", ("P13-P1",))
MEMORY_UNTOLD = Fault("memory-untold", "nothing tells of the web service's memory any more", ("P13-P1",))
MEMORY_STALE = Fault("memory-stale", "what is told of the web service's memory is two minutes old", ("P13-P1",))
