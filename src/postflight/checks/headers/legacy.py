"""Headers that browsers dropped, and that do nothing, or harm. After the OWASP Secure Headers Project."""

from collections.abc import Iterator

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.structured import Broken, parse_dictionary, parse_list

_DROPPED = {
    "Expect-CT": (Severity.INFO, "Browsers dropped it: all certificates must be logged now.", "Remove it."),
    "Feature-Policy": (Severity.LOW, "Browsers dropped it for Permissions-Policy.", "Send Permissions-Policy."),
    "Public-Key-Pins": (Severity.LOW, "Browsers dropped it, because a mistake locked sites out.", "Remove it."),
    "Public-Key-Pins-Report-Only": (Severity.INFO, "Browsers dropped it.", "Remove it."),
    "X-Content-Security-Policy": (Severity.MEDIUM, "No browser reads it.", "Send Content-Security-Policy."),
    "X-WebKit-CSP": (Severity.MEDIUM, "No browser reads it.", "Send Content-Security-Policy."),
}
_SUCCESSORS = {
    "Feature-Policy": "Permissions-Policy",
    "X-Content-Security-Policy": "Content-Security-Policy",
    "X-WebKit-CSP": "Content-Security-Policy",
}


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield dropped headers, an armed X-XSS-Protection, open cross-domain policies, and broken rarer headers."""
    for name, (severity, message, remedy) in _DROPPED.items():
        raw = answer.combined(name)
        if raw is not None:
            replaced = _SUCCESSORS.get(name)
            worth = Severity.INFO if replaced and answer.values(replaced) else severity
            yield HeaderFinding("header-obsolete", worth, name, raw, message, remedy)
    auditor = answer.combined("X-XSS-Protection")
    if auditor is not None and not auditor.startswith("0"):
        yield HeaderFinding(
            "xss-auditor-on",
            Severity.LOW,
            "X-XSS-Protection",
            auditor,
            "The old filter that it arms can be turned against the page; browsers removed it for that.",
            "Remove it, or send `X-XSS-Protection: 0`.",
        )
    flash = answer.combined("X-Permitted-Cross-Domain-Policies")
    if flash is not None and flash.lower() in {"all", "by-content-type", "by-ftp-filename"}:
        yield HeaderFinding(
            "cross-domain-policies-open",
            Severity.LOW,
            "X-Permitted-Cross-Domain-Policies",
            flash,
            "Old plug-ins may read the site's data by a file that somebody uploaded.",
            "Send `X-Permitted-Cross-Domain-Policies: none`.",
        )
    yield from _find_broken(answer)


def _find_broken(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Clear-Site-Data is a list of quoted strings; Integrity-Policy is a dictionary."""
    cleared = parse_list(answer, "Clear-Site-Data")
    if isinstance(cleared, Broken) or (cleared and any(item.keyword for member in cleared for item in member.items)):
        yield HeaderFinding(
            "clear-site-data-invalid",
            Severity.MEDIUM,
            "Clear-Site-Data",
            answer.combined("Clear-Site-Data") or "",
            "Browsers clear nothing: its values must be quoted strings.",
            'Send `Clear-Site-Data: "cache", "cookies", "storage"`, with the quotes.',
        )
    if isinstance(broken := parse_dictionary(answer, "Integrity-Policy"), Broken):
        yield HeaderFinding(
            "integrity-policy-invalid",
            Severity.MEDIUM,
            "Integrity-Policy",
            answer.combined("Integrity-Policy") or "",
            f"Browsers ignore all of it: {broken.why}.",
            "Send `Integrity-Policy: blocked-destinations=(script)`.",
        )
