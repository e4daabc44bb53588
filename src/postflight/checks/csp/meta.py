"""Policies in markup: `<meta http-equiv="Content-Security-Policy">`, which count only inside `<head>`.

HTML, "Content security policy state": a `<meta>` elsewhere is ignored, so a policy that follows the first element of
a body protects nothing. This follows the tree builder as far as that question needs: the head ends at `</head>`,
`<body>`, any element that cannot stand in a head, or text.

Chromium splits the content at commas, as in a header; HTML does not.
"""

import contextlib
from html.parser import HTMLParser

from postflight.checks.csp.parse import parse_policies
from postflight.checks.csp.policy import Delivery, Policy

_HEAD_ELEMENTS = frozenset(
    "html head base basefont bgsound link meta noframes noscript script style template title".split()  # noqa: SIM905 - a list to read
)
_TEXT_ELEMENTS = frozenset({"noframes", "noscript", "script", "style", "template", "title"})


def parse_meta(html: str) -> tuple[Policy, ...]:
    """Return the policies in the head of this document, in order. Never fails."""
    finder = _Finder()
    with contextlib.suppress(AssertionError):  # what html.parser says to some broken declarations: `<![x[`
        finder.feed(html)
        finder.close()
    return tuple(policy for text in finder.texts for policy in parse_policies(text, delivery=Delivery.META))


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._in_head = True
        self._inside: list[str] = []  # elements of the head whose content is no markup of the head

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._inside and tag not in _HEAD_ELEMENTS:
            self._in_head = False
        if tag == "meta" and self._in_head and not self._inside:
            values = dict(reversed(attrs))  # of two attributes with one name, the first counts
            if (values.get("http-equiv") or "").lower() == "content-security-policy":
                self.texts.append(values.get("content") or "")
        if tag in _TEXT_ELEMENTS:
            self._inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # HTML knows no self-closing elements

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]
        elif tag in ("head", "body", "html"):
            self._in_head = False

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._inside:
            self._in_head = False
