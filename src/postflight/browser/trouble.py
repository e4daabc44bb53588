"""What can go wrong on a page, as values: how troubles are worded, matched with what is allowed, and told only once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from postflight.model import AllowedTrouble

MAX_TEXT = 500

CONSOLE = "console"
EXCEPTION = "exception"
REQUEST = "request"  # lost on the way; an answer of 400 and above is "http 404" and so on
CSP = "csp"
CSP_REPORT_ONLY = "csp-report-only"
MIXED_CONTENT = "mixed-content"
CRASH = "crash"
UNRESPONSIVE = "unresponsive"
OVERFLOW = "overflow"

FAILED_RESOURCE = "Failed to load resource"
CSP_TEXTS = ("Content Security Policy", "This document requires 'Trusted")
MIXED_TEXT = "Mixed Content:"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble of a page. `url` is what it is about, `page` the address of the page that had it.

    `structured` is false for what was only read out of a console text.
    """

    kind: str
    message: str
    url: str = ""
    page: str = ""
    allowed: bool = False
    structured: bool = True

    def __str__(self) -> str:
        """One line: `http 404: image https://... (on https://...)`."""
        about = f" {self.url}" if self.url and self.url not in self.message and self.url != self.page else ""
        return f"{self.kind}: {self.message}{about}" + (f" (on {self.page})" if self.page else "")

    def is_like(self, kind: str, match: str) -> bool:
        """Whether it is of this kind (`http` means `http 404` too) and has `match` in its text or URL."""
        same = self.kind == kind or self.kind.startswith(f"{kind} ")
        return same and (match in self.message or match in self.url)


def cut(text: str) -> str:
    """Return at most `MAX_TEXT` characters, and say when there was more."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def from_console(level: str, text: str, url: str, page: str) -> Trouble | None:
    """Return the trouble that a console message tells of, or None: it is mere talk."""
    if text.startswith(MIXED_TEXT):  # a warning when it was let through
        return Trouble(MIXED_CONTENT, cut(text), url, page, structured=False)
    if level not in ("error", "assert"):  # of a report-only policy Chromium speaks as "info"
        return None
    kind = CSP if any(part in text for part in CSP_TEXTS) else CONSOLE
    return Trouble(kind, cut(text), url, page, structured=False)


def from_issue(issue: Mapping[str, Any], page: str) -> Trouble | None:
    """Return the trouble in an `Audits.issueAdded` of Chromium's protocol, or None: it is about something else."""
    details = issue.get("details", {})
    match issue.get("code"):
        case "ContentSecurityPolicyIssue":
            return _from_csp(details.get("contentSecurityPolicyIssueDetails", {}), page)
        case "MixedContentIssue":
            mixed = details.get("mixedContentIssueDetails", {})
            insecure = str(mixed.get("insecureURL", ""))
            return Trouble(
                MIXED_CONTENT, cut(f"{mixed.get('resolutionStatus', 'insecure')} {insecure}"), insecure, page
            )
        case _:
            return None


def _from_csp(details: Mapping[str, Any], page: str) -> Trouble:
    place = details.get("sourceCodeLocation") or {}
    source = str(place.get("url") or page)
    what = details.get("blockedURL") or str(details.get("contentSecurityPolicyViolationType", "")).removeprefix("k")
    kind, verb = (CSP_REPORT_ONLY, "would block") if details.get("isReportOnly") else (CSP, "blocks")
    line = place.get("lineNumber", -1)
    where = f" at {source}:{line + 1}" if line >= 0 else ""  # the protocol counts from 0
    message = cut(f"{details.get('violatedDirective', 'the policy')} {verb} {what}{where}")
    return Trouble(kind, message, source, page, allowed=kind == CSP_REPORT_ONLY)


def told_once(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """Return the troubles without repetitions and without echoes.

    Chromium tells of one event in several places: a 404 also on the console, a blocked script also as a lost request.
    The one with the most facts is kept.
    """
    unique = list(dict.fromkeys(troubles))
    lost = {trouble.url for trouble in unique if trouble.kind == REQUEST or trouble.kind.startswith("http ")}
    policies = [trouble for trouble in unique if trouble.kind in (CSP, CSP_REPORT_ONLY, MIXED_CONTENT)]
    return tuple(trouble for trouble in unique if not _is_echo(trouble, lost, policies))


def _is_echo(trouble: Trouble, lost: set[str], policies: Sequence[Trouble]) -> bool:
    if trouble.kind == CONSOLE and trouble.message.startswith(FAILED_RESOURCE):
        # a favicon that nobody asked for is Chromium's own wish
        return trouble.url in lost or trouble.url.endswith("/favicon.ico")
    if trouble.kind in (CSP, MIXED_CONTENT) and not trouble.structured:
        same = [other for other in policies if other.structured and other.kind == trouble.kind and other.url]
        return any(other.url == trouble.url or other.url in trouble.message for other in same)
    if trouble.kind == REQUEST and trouble.message.startswith(("csp ", "mixed-content ")):
        return any(trouble.url in other.message for other in policies)
    return False


def judge(trouble: Trouble, allowed: Sequence[AllowedTrouble], today: date) -> Trouble:
    """Return the trouble with `allowed` set as the list says. A date that has passed allows nothing, and is named."""
    if trouble.allowed:
        return trouble
    entries = [entry for entry in allowed if trouble.is_like(entry.kind, entry.match)]
    if any(today <= entry.until for entry in entries):
        return replace(trouble, allowed=True)
    if entries:
        last = max(entries, key=lambda entry: entry.until)
        return replace(trouble, message=f"{trouble.message} [was allowed until {last.until}: {last.why}]")
    return trouble
