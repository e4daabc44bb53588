"""Who may put the page in a frame: X-Frame-Options, and `frame-ancestors`, which wins.

HTML Standard 7.8.1 "The X-Frame-Options header": an enforced policy with `frame-ancestors` switches it off; different
values block if one of them is known, and mean nothing if none is; ALLOW-FROM is unknown.
"""

from collections.abc import Iterator

from postflight.checks.headers import policies
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity

NAME = "X-Frame-Options"
COVERS = ("VEL-X1", "P13-X3")
_KNOWN = frozenset({"deny", "sameorigin", "allowall"})
_FIX = "Send `X-Frame-Options: DENY` (or SAMEORIGIN) and `frame-ancestors 'none'` (or 'self'), alike."
_ANYBODY = frozenset({"*", "http:", "https:"})


def ancestors(answer: HttpAnswer) -> tuple[tuple[str, ...], ...]:
    """Return the sources of each enforced `frame-ancestors`; all of them must allow an ancestor."""
    found = (policy.get("frame-ancestors") for policy in policies.enforced(answer))
    return tuple(directive.values for directive in found if directive is not None)


def option(answer: HttpAnswer) -> str:
    """Return what X-Frame-Options alone comes to: `deny`, `sameorigin`, or `` (it protects nobody)."""
    values = {item.lower() for item in answer.items(NAME)}
    if len(values) > 1:
        return "deny" if values & _KNOWN else ""
    return next(iter(values & {"deny", "sameorigin"}), "")


def effective(answer: HttpAnswer) -> str:
    """Return who may frame the page: `deny`, `sameorigin`, `listed` (by frame-ancestors) or `` (anybody)."""
    listed = ancestors(answer)
    if not listed:
        return option(answer)
    verdicts = {_verdict(sources) for sources in listed}
    return next(word for word in ("deny", "sameorigin", "listed", "") if word in verdicts)


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the header, and where it disagrees with `frame-ancestors`."""
    listed, items = ancestors(answer), answer.items(NAME)
    if listed and not effective(answer):
        yield HeaderFinding(
            "frame-ancestors-open",
            Severity.MEDIUM,
            policies.ENFORCED,
            "; ".join(map(_directive, listed)),
            "Any site may frame the page, and X-Frame-Options is ignored beside it.",
            _FIX,
            COVERS,
        )
    if not items:
        if answer.values(NAME):
            yield _say("xfo-invalid", _weight(answer), "", "It is empty, so browsers ignore it.")
        return
    yield from _find_invalid(answer, items)
    if len(items) > 1:
        yield _doubled(items)
    if listed and option(answer) and option(answer) != effective(answer):
        # info: sending both is how old browsers are served; a difference is worth a look, no hole
        yield _say(
            "xfo-overruled",
            Severity.INFO,
            ", ".join(items),
            f"frame-ancestors ({'; '.join(map(_directive, listed))}) says something else, and it wins.",
        )


def _find_invalid(answer: HttpAnswer, items: tuple[str, ...]) -> Iterator[HeaderFinding]:
    for item in dict.fromkeys(items):
        word = item.lower()
        if word.startswith("allow-from"):
            yield _say(
                "xfo-allow-from", _weight(answer), item, "No current browser knows ALLOW-FROM: it protects nobody."
            )
        elif word == "allowall":
            yield _say("xfo-allowall", _weight(answer), item, "It asks browsers to let every site frame the page.")
        elif word not in _KNOWN:
            yield _say("xfo-invalid", _weight(answer), item, "Browsers do not know this value: it protects nobody.")


def _doubled(items: tuple[str, ...]) -> HeaderFinding:
    shown = ", ".join(items)
    if len({item.lower() for item in items}) == 1:
        return _say("xfo-duplicate", Severity.INFO, shown, "It is sent twice with the same value.")
    return _say(
        "xfo-conflict",
        Severity.MEDIUM,
        shown,
        "Different values: browsers block every frame if one of them is known, and none if not.",
    )


def _weight(answer: HttpAnswer) -> Severity:
    """Return how bad a broken header is: a hole only where nothing else protects, and for what a frame can show."""
    if effective(answer):
        return Severity.LOW
    return Severity.HIGH if answer.is_document else Severity.LOW


def _verdict(sources: tuple[str, ...]) -> str:
    words = {source.lower() for source in sources}
    real = words - {"'none'"}  # browsers ignore 'none' beside other sources
    if not real:
        return "deny"
    if real == {"'self'"}:
        return "sameorigin"
    return "" if real & _ANYBODY else "listed"


def _directive(sources: tuple[str, ...]) -> str:
    return " ".join(("frame-ancestors", *sources))


def _say(code: str, severity: Severity, value: str, message: str) -> HeaderFinding:
    return HeaderFinding(code, severity, NAME, value, message, _FIX, COVERS)
