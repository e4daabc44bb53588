"""What a tier demands of one header, as data. A rule looks at what browsers act on, not at the text that was sent."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from postflight.checks.headers import framing, hsts, isolation, permissions, policies, referrer, sniffing
from postflight.checks.headers.answer import ContentKind, HttpAnswer
from postflight.checks.headers.demands import Demand, find_looser, find_unmet
from postflight.checks.headers.finding import HeaderFinding, Severity

EVERYWHERE = frozenset(ContentKind)
PAGES = frozenset({ContentKind.HTML})
WITH_BODY = frozenset({ContentKind.HTML, ContentKind.API, ContentKind.ASSET})

# where the value that counts is not the text of the lines
_EFFECTIVE: Mapping[str, Callable[[HttpAnswer], str]] = {
    framing.NAME.lower(): framing.effective,
    sniffing.NAME.lower(): sniffing.effective,
    referrer.NAME.lower(): referrer.effective,
    permissions.NAME.lower(): lambda answer: "valid" if permissions.effective(answer) else "",
    isolation.COOP.lower(): lambda answer: isolation.effective(answer, isolation.COOP),
    isolation.COEP.lower(): lambda answer: isolation.effective(answer, isolation.COEP),
    isolation.CORP.lower(): lambda answer: isolation.effective(answer, isolation.CORP),
}


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A header must come to one of these values (any value if there are none), on answers of these kinds."""

    header: str
    kinds: frozenset[ContentKind] = EVERYWHERE
    one_of: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()

    def find(self, answer: HttpAnswer) -> Iterator[HeaderFinding]:
        """Yield a finding if the answer breaks the rule."""
        raw = answer.combined(self.header)
        effective = _EFFECTIVE.get(self.header.lower())
        value = effective(answer) if effective else (raw or "")
        wanted = {word.lower() for word in self.one_of}
        if (value.lower() in wanted) if wanted else value:
            return
        short = self.header.lower()
        asked = " or ".join(self.one_of) or "a value"
        yield HeaderFinding(
            f"{short}-{'missing' if raw is None else 'not-as-planned'}",
            Severity.HIGH,
            self.header,
            raw or "",
            f"The tier demands {asked}; browsers act on {value or 'nothing'}.",
            f"Send `{self.header}: {self.one_of[0] if self.one_of else '…'}`.",
            self.covers,
        )


@dataclass(frozen=True, slots=True)
class HstsRule:
    """HSTS for at least `min_age` seconds. It concerns HTTPS answers only: over HTTP browsers ignore it."""

    min_age: int
    subdomains: bool = False
    kinds: frozenset[ContentKind] = EVERYWHERE
    covers: tuple[str, ...] = hsts.COVERS

    def find(self, answer: HttpAnswer) -> Iterator[HeaderFinding]:
        """Yield a finding if the answer breaks the rule."""
        if not answer.https:
            return
        # parsed, not `hsts.effective`: what is demanded is the header, also where the test's host is an IP address
        parsed = hsts.parse(next(iter(answer.values(hsts.NAME)), ""))
        if isinstance(parsed, hsts.Hsts) and self._is_met(parsed):
            return
        asked = f"max-age={self.min_age}" + ("; includeSubDomains" if self.subdomains else "")
        raw = answer.combined(hsts.NAME)
        yield HeaderFinding(
            "strict-transport-security-" + ("missing" if raw is None else "not-as-planned"),
            Severity.HIGH,
            hsts.NAME,
            raw or "",
            f"The tier demands at least {asked}.",
            f"Send `{hsts.NAME}: {asked}`.",
            self.covers,
        )

    def _is_met(self, seen: hsts.Hsts) -> bool:
        return seen.max_age >= self.min_age and (seen.include_subdomains or not self.subdomains)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """An enforced policy must be there, meet demands, and allow no more than the plan's policy, if one is given."""

    demands: tuple[Demand, ...] = ()
    no_looser_than: str = ""
    kinds: frozenset[ContentKind] = PAGES
    covers: tuple[str, ...] = ("VEL-X1", "P13-X1")

    def find(self, answer: HttpAnswer) -> Iterator[HeaderFinding]:
        """Yield a finding for each demand that the answer's policies do not meet."""
        enforced = policies.enforced(answer)
        if not enforced:
            yield HeaderFinding(
                "content-security-policy-missing",
                Severity.HIGH,
                policies.ENFORCED,
                answer.combined(policies.ENFORCED) or "",
                "The tier demands an enforced policy, and there is none.",
                "Send Content-Security-Policy (Report-Only blocks nothing).",
                self.covers,
            )
            return
        if self.no_looser_than:
            yield from find_looser(self.no_looser_than, enforced, answer)
        for demand in self.demands:
            yield from find_unmet(demand, enforced)


Rule = HeaderRule | HstsRule | PolicyRule
