"""Troubles as values: no browser needed. With a real one: tests/e2e/test_guard.py."""

from datetime import date

import pytest

from postflight.browser.trouble import MAX_TEXT, Trouble, cut, from_console, from_issue, judge, told_once
from postflight.model import AllowedTrouble

PAGE = "https://site.test/"
TODAY = date(2026, 3, 1)


def allow(kind: str, match: str, until: date = TODAY) -> AllowedTrouble:
    return AllowedTrouble(kind, match, until, "known")


@pytest.mark.parametrize(
    ("level", "text", "kind"),
    [
        ("error", "lost", "console"),
        ("assert", "false", "console"),
        ("warning", "careful", None),
        ("info", "Loading x violates the following Content Security Policy directive", None),  # report-only
        ("error", "Loading x violates the following Content Security Policy directive", "csp"),
        ("error", "This document requires 'TrustedHTML' assignment.", "csp"),
        ("warning", "Mixed Content: The page at ...", "mixed-content"),
    ],
)
def test_console_texts(level: str, text: str, kind: str | None) -> None:
    trouble = from_console(level, text, PAGE, PAGE)
    assert (trouble and trouble.kind) == kind


def test_an_issue_about_something_else_is_none() -> None:
    assert from_issue({"code": "QuirksModeIssue", "details": {}}, PAGE) is None


def test_a_policy_issue_names_directive_source_and_line() -> None:
    details = {
        "violatedDirective": "script-src-elem",
        "contentSecurityPolicyViolationType": "kInlineViolation",
        "sourceCodeLocation": {"url": PAGE, "lineNumber": 4},
    }
    issue = {"code": "ContentSecurityPolicyIssue", "details": {"contentSecurityPolicyIssueDetails": details}}
    assert str(from_issue(issue, PAGE)) == f"csp: script-src-elem blocks InlineViolation at {PAGE}:5 (on {PAGE})"


def test_long_texts_are_cut() -> None:
    assert len(cut("x" * 5000)) == MAX_TEXT
    assert cut("short") == "short"


@pytest.mark.parametrize(
    ("event", "echo"),
    [
        (
            Trouble("http 404", "GET image", PAGE + "a.png", PAGE),
            Trouble("console", "Failed to load resource: 404", PAGE + "a.png", PAGE, structured=False),
        ),
        (
            Trouble("request", "net::ERR_FAILED fetch", PAGE + "a", PAGE),
            Trouble("console", "Failed to load resource: net::ERR_FAILED", PAGE + "a", PAGE, structured=False),
        ),
        (
            Trouble("csp", "script-src blocks https://x/y.js", PAGE, PAGE),
            Trouble("request", "csp script", "https://x/y.js", PAGE),
        ),
        (
            Trouble("csp", "script-src blocks InlineViolation", PAGE, PAGE),
            Trouble("csp", "Executing inline script violates ...", PAGE, PAGE, structured=False),
        ),
    ],
)
def test_an_echo_is_dropped_and_without_its_event_it_is_kept(event: Trouble, echo: Trouble) -> None:
    assert told_once([echo, event, event]) == (event,)
    assert told_once([echo, echo]) == (echo,)


def test_chromiums_own_favicon_is_no_trouble() -> None:
    wish = Trouble("console", "Failed to load resource: 404", PAGE + "favicon.ico", PAGE, structured=False)
    assert told_once([wish]) == ()


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        (allow("http 404", "/logo.png"), True),
        (allow("http", "logo"), True),
        (allow("http 40", "logo"), False),
        (allow("http 404", "/other.png"), False),
        (allow("console", "logo"), False),
        (allow("http 404", "logo", date(2026, 2, 28)), False),
    ],
)
def test_the_allow_list_matches_kind_and_text_until_its_date(entry: AllowedTrouble, allowed: bool) -> None:
    trouble = Trouble("http 404", "GET image", PAGE + "logo.png", PAGE)
    assert judge(trouble, (entry,), TODAY).allowed is allowed


def test_an_entry_that_is_past_its_date_is_named() -> None:
    trouble = Trouble("console", "lost", page=PAGE)
    judged = judge(trouble, (allow("console", "lost", date(2026, 2, 28)),), TODAY)
    assert judged.message == "lost [was allowed until 2026-02-28: known]"
