"""Which fault of what people see turns which pictures red, and how its cause is named.

The heavy landing page is Lighthouse's business: tests/e2e/test_lighthouse_npm.py plants it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault, and words that the finding of the desktop's picture must say: the element, and what happened to it."""

    fault: str
    says: str


VISUAL = (
    Planted("hero-moved", "img[data-testid=hero] moved by (-24,+16)"),
    Planted("text-smaller", "p.lead has another look (font-size 19.2px -> 17.6px)"),
    Planted(
        "button-recoloured",
        "a[data-testid=cta] has another look (background-color rgb(67, 56, 202) -> rgb(138, 42, 32))",
    ),
    Planted("section-missing", "section#features is missing"),
    Planted("banner-overlaps", "div.offer is new"),
)
TABLE = (*VISUAL, Planted("heavy-landing", ""))
