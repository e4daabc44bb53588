"""VEL-H4, VEL-X1: the same question has the same answer, whichever edge gives it, and however often it is asked."""

import re
from collections.abc import Iterable, Mapping

import pytest

from postflight.errors import UnexpectedAnswer
from postflight.flow import Request
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Exclude

from .surface import Seen

pytestmark = [pytest.mark.security, pytest.mark.covers("VEL-X1", "P13-X3")]

COMPARED = (
    "content-security-policy", "content-security-policy-report-only", "cross-origin-embedder-policy",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "referrer-policy",
    "strict-transport-security", "x-content-type-options", "x-frame-options",
)  # fmt: skip
FETCHES = 4
_NONCE = re.compile(r"'nonce-[^']*'")

Fingerprint = tuple[tuple[str, str | None], ...]


@pytest.mark.covers("VEL-H4")
def test_edges_agree(seen: tuple[Seen, ...], exclude: Exclude) -> None:
    """Every region sends the same security headers"""
    routes: dict[tuple[str, str, str], dict[str, Seen]] = {}
    for one in seen:
        if one.request.region:
            key = (one.request.method, one.request.service, one.request.path)
            routes.setdefault(key, {})[one.request.region] = one
    if not routes:
        exclude("deployments.yaml gives no regions an address of their own")
    for answers in routes.values():
        _compare(answers)


def test_repeated_answers_agree(api: Client, seen: tuple[Seen, ...]) -> None:
    """An answer has the same security headers each time, also out of a cache"""
    kinds: dict[frozenset[str], Seen] = {}
    for one in seen:
        if one.request.method == "GET":
            kinds.setdefault(frozenset(one.answer.kinds), one)
    for kind in kinds.values():
        _compare({f"fetch {number}": answer for number, answer in enumerate(_again(api, kind.request), 1)})


def _again(api: Client, request: Request) -> Iterable[Seen]:
    return [Seen(request, api.send(request)) for _ in range(FETCHES)]


def _compare(answers: Mapping[str, Seen]) -> None:
    prints = {name: _fingerprint(one) for name, one in answers.items()}
    usual = max(prints.values(), key=list(prints.values()).count)
    for name, found in prints.items():
        for (header, here), (_, there) in zip(found, usual, strict=True):
            if here != there:
                one = answers[name].response
                raise UnexpectedAnswer(
                    f"{name} sends another {header} than the others: {here or 'none'}",
                    expected=f"{header}: {there or '(not sent)'}",
                    seen=f"{header}: {here or '(not sent)'}",
                    where=one.url,
                    curl=one.curl,
                )


def _fingerprint(one: Seen) -> Fingerprint:
    values = ((name, one.response.header(name)) for name in COMPARED)
    return tuple((name, _NONCE.sub("'nonce-…'", value) if value else value) for name, value in values)
