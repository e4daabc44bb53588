"""What the headers of many answers look like side by side: answers by headers, pages by directives. Pure.

A table decides nothing; it shows at a glance where the one page is that was forgotten.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from postflight.checks.csp import effective_policy
from postflight.checks.headers import framing, hsts, isolation, permissions, referrer, sniffing
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.policies import ENFORCED, enforced
from postflight.checks.headers.tiers import Judgement, Outcome
from postflight.checks.tokens import without_secrets
from postflight.exhibits import Cell, Matrix, Row, make_matrix

HEADERS = (
    ENFORCED,
    hsts.NAME,
    framing.NAME,
    sniffing.NAME,
    referrer.NAME,
    permissions.NAME,
    isolation.COOP,
    isolation.CORP,
)
# what is shown -> what governs it, and all that a finding may call it
DIRECTIVES = {
    "script-src": ("script-src-elem", "script-src-attr", "worker-src", "default-src"),
    "style-src": ("style-src-elem", "style-src-attr"),
    "connect-src": ("connect-src",),
    "img-src": ("img-src",),
    "font-src": ("font-src",),
    "frame-src": ("frame-src",),
    "object-src": ("object-src",),
    "base-uri": ("base-uri",),
    "form-action": ("form-action",),
    "frame-ancestors": ("frame-ancestors",),
}
MAX_WORDS = 60  # characters of a cell
MAX_NAMES = 3  # of answers that look the same
MAX_NAME = 36  # characters
Cells = tuple[tuple[Cell, str], ...]
_NONCE = re.compile(r"'nonce-[^']*'")


def compare_headers(answers: Sequence[HttpAnswer], judgements: Iterable[Judgement]) -> Matrix:
    """Return a table of answers by headers: whether each was sent, and what its tier makes of it."""
    found = list(judgements)
    rows: dict[str, Cells] = {}
    for name, answer in _named(answers):
        mine = [one for one in found if (one.url, one.status) == (answer.url, answer.status)]
        rows[name] = tuple(_header(answer, header, mine) for header in HEADERS)
    return make_matrix("Headers: answers by headers", HEADERS, _alike(rows))


def compare_policies(answers: Sequence[HttpAnswer], judgements: Iterable[Judgement]) -> Matrix:
    """Return a table of pages by directives of Content-Security-Policy: what is in force, and what is weak in it."""
    found = [one for one in judgements if one.finding.header == ENFORCED]
    rows: dict[str, Cells] = {}
    for name, answer in _named([one for one in answers if one.is_document]):
        mine = [one for one in found if (one.url, one.status) == (answer.url, answer.status)]
        policies = enforced(answer)
        in_force = {one.name: one for one in effective_policy(policies)}
        cells: list[tuple[Cell, str]] = []
        for directive, also in DIRECTIVES.items():
            concerned = {directive, *also} if policies else {directive, *also, ""}  # "": there is no policy at all
            about = [one for one in mine if _directive(one.finding) in concerned]
            lists = in_force[also[0]]
            state = _state(about, is_there=not lists.unrestricted)
            words = "not restricted" if lists.unrestricted else _NONCE.sub("'nonce-…'", str(lists))
            weak = dict.fromkeys(filter(None, (one.finding.value.partition(" ")[2] for one in about)))
            cells.append((state, _short(", ".join(weak) or words if policies else "no policy")))
        rows[name] = tuple(cells)
    return make_matrix("Content Security Policy: pages by directives", tuple(DIRECTIVES), _alike(rows))


def _alike(rows: Mapping[str, Cells]) -> list[Row]:
    """Return one row for all answers that look the same, so that the one that does not is seen; bad ones first."""
    names: dict[Cells, list[str]] = {}
    for name, cells in rows.items():
        names.setdefault(cells, []).append(name)
    found = [Row(_joined(of), cells) for cells, of in names.items()]
    return sorted(found, key=lambda row: all(state != "bad" for state, _ in row.cells))


def _joined(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def _header(answer: HttpAnswer, header: str, judgements: Iterable[Judgement]) -> tuple[Cell, str]:
    about = [one for one in judgements if one.finding.header.lower() == header.lower()]
    value = answer.combined(header)
    state = _state(about, is_there=value is not None)
    if state in {"bad", "weak"}:
        worst = min(about, key=lambda one: (one.outcome is not Outcome.FAILS, one.finding.severity.rank))
        return state, worst.finding.id
    if value is None:
        return state, "not sent"
    return state, "" if header == ENFORCED else _short(value)


def _state(about: Sequence[Judgement], *, is_there: bool) -> Cell:
    if any(one.outcome is Outcome.FAILS for one in about):
        return "bad"
    if any(one.finding.severity.at_least(Severity.LOW) for one in about):
        return "weak"
    return "ok" if is_there else "none"


def _directive(finding: HeaderFinding) -> str:
    return finding.value.partition(" ")[0].lower()


def _named(answers: Sequence[HttpAnswer]) -> list[tuple[str, HttpAnswer]]:
    """Return each URL once, named by its path; by its host too where that is not the first one's."""
    first = urlsplit(without_secrets(answers[0].url)).netloc if answers else ""
    named: dict[str, HttpAnswer] = {}
    for answer in answers:
        parts = urlsplit(without_secrets(answer.url))
        host = "" if parts.netloc == first else parts.netloc.rpartition("@")[2]
        status = "" if answer.status == 200 else f" ({answer.status})"
        path = parts.path or "/"
        if len(path) > MAX_NAME:
            path = f"{path[: MAX_NAME // 2]}…{path[-MAX_NAME // 2 :]}"
        named.setdefault(f"{host}{path}{status}", answer)
    return list(named.items())


def _short(text: str) -> str:
    return text if len(text) <= MAX_WORDS else f"{text[: MAX_WORDS - 1]}…"
