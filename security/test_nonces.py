"""P13-X1: a nonce protects as long as nobody can know it before. So pages are fetched more than once."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from postflight.checks.headers import policies
from postflight.checks.headers.caching import nonces
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.errors import UnexpectedAnswer
from postflight.model import Weakness
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude

from .surface import Seen, nonces_in, pages
from .test_headers import NONCES

pytestmark = [pytest.mark.security, pytest.mark.covers("P13-X1")]

FETCHES = 4  # of each page, in a row: a cache that keeps them shows itself


def test_nonces_are_fresh(api: Client, seen: tuple[Seen, ...], weaknesses: list[Weakness], exclude: Exclude) -> None:
    """Nonces are fresh for each answer, stand in its markup, and have 128 bits"""
    guarded = [one for one in pages(seen) if nonces(one.answer)]
    if not guarded:
        exclude("no policy of a page has a nonce")
    for page in guarded:
        fetched = [page, *(Seen(page.request, api.send(page.request)) for _ in range(FETCHES - 1))]
        weaknesses += [finding.weakness(page.response.url) for finding in _find(fetched)]
    if weaknesses:
        worst = weaknesses[0]
        raise UnexpectedAnswer(
            f"{worst.where}: {worst.message}",
            expected="a nonce of 128 random bits, new for every answer",
            seen="; ".join(f"{one.rule} ({one.value})" for one in weaknesses[:3]),
            where=worst.where,
            curl=guarded[0].response.curl,
        )


def _find(fetched: Sequence[Seen]) -> Iterator[HeaderFinding]:
    for finding in policies.find(fetched[0].answer):
        if finding.id in NONCES:
            yield finding
    counts = Counter(nonce for one in fetched for nonce in nonces(one.answer))
    for nonce, count in counts.items():
        if count > 1:
            yield _say("csp-nonce-reused", nonce, f"{count} of {len(fetched)} answers had this nonce.")
    for one in fetched:
        for nonce in nonces_in(one.response) - nonces(one.answer):
            yield _say("nonce-unknown", nonce, "The markup has a nonce that the policy does not know.")


def _say(code: str, nonce: str, message: str) -> HeaderFinding:
    remedy = "Make a nonce for each answer, put it into header and markup, and keep the page out of caches."
    return HeaderFinding(code, Severity.HIGH, policies.ENFORCED, f"'nonce-{nonce}'", message, remedy, ("P13-X1",))
