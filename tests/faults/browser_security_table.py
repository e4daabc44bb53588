"""Which fault of the pages turns which browser checks of stage security red, and under which tier. Complete."""

from dataclasses import dataclass

SAYS = "test_browser_does_what_the_policy_says"
BLOCKED = "test_attacks_are_blocked"
OBEYS = "test_page_obeys_its_own_policy"
MIXED = "test_page_has_no_mixed_content"
HIDDEN = "test_session_is_hidden_from_scripts"
FRAMED = "test_foreign_site_cannot_frame_the_page"
FRAMES = "test_browser_frames_what_the_headers_allow"
READ = "test_foreign_site_cannot_read_answers"
ARRIVES = "test_violation_report_arrives"
KEPT = "test_violation_report_is_kept"

STRICT_TLS = ("--tier", "strict", "--tls")
STRICT = ("--tier", "strict")
HARDENED = ("--tier", "hardened")
BASELINE = ("--tier", "baseline")
HEALTHY = (BASELINE, HARDENED, STRICT, STRICT_TLS)


@dataclass(frozen=True)
class Planted:
    """One fault, how the platform is started, and the checks that must fail; no other may."""

    fault: str
    arguments: tuple[str, ...]
    fails: tuple[str, ...]


TABLE = (
    Planted("policy-not-for-browsers", STRICT, (BLOCKED, ARRIVES)),
    Planted("policy-on-first-visit", HARDENED, (BLOCKED,)),
    Planted("policy-in-body", BASELINE, (BLOCKED, OBEYS)),  # Chromium says, too, that it ignores a policy
    Planted("policy-tightened", BASELINE, (SAYS,)),
    Planted("meta-blocks-own-scripts", HARDENED, (OBEYS,)),
    Planted("nonce-stale", STRICT_TLS, (OBEYS,)),
    Planted("scripts-revived", HARDENED, (SAYS, BLOCKED)),
    Planted("trusted-types-waved", STRICT, (SAYS, BLOCKED)),
    Planted("blob-workers", HARDENED, (BLOCKED,)),
    Planted("unguarded-frames", HARDENED, (FRAMED, FRAMES)),
    Planted("everybody-frames", BASELINE, (FRAMED,)),
    Planted("session-copied", BASELINE, (HIDDEN,)),
    Planted("cors-for-browsers", BASELINE, (READ,)),
    Planted("mixed-image", ("--tier", "baseline", "--tls"), (MIXED,)),
    Planted("reports-refused", STRICT_TLS, (ARRIVES,)),
    Planted("reports-refused", HARDENED, (ARRIVES,)),
    Planted("reports-elsewhere", STRICT, (ARRIVES,)),
    Planted("reports-to-nobody", STRICT_TLS, (ARRIVES,)),
    Planted("reports-forgotten", STRICT_TLS, (KEPT,)),
)
