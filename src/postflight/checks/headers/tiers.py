"""Tiers of strictness, their dated waivers, and the judgement of answers by them.

`baseline` is what the platform's plan says, `hardened` runs nobody else's code, `strict` is Phase 13's goal. A waiver
excuses one finding until a date; on the day after, the finding fails again. The next tier is a forecast.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from postflight.checks.headers import caching, hsts, isolation, permissions, policies, referrer, sniffing
from postflight.checks.headers.analysis import analyse
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.demands import Demand
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.framing import NAME as X_FRAME_OPTIONS
from postflight.checks.headers.rules import EVERYWHERE, PAGES, WITH_BODY, HeaderRule, HstsRule, PolicyRule, Rule

ANY = "*"
_NOT_MODIFIED = 304


class Outcome(StrEnum):
    """What a finding means under a tier."""

    FAILS = "fails"
    WAIVED = "waived"
    NOTED = "noted"  # below what the tier counts


@dataclass(frozen=True, slots=True)
class Waiver:
    """Excuses findings with the id `rule` and this value (`*`: any) up to and including the day `until`."""

    rule: str
    value: str
    until: date
    why: str

    def matches(self, finding: HeaderFinding) -> bool:
        """Whether the finding is the one that the waiver names, whatever the date."""
        return self.rule == finding.id and self.value.lower() in {ANY, finding.value.lower()}


@dataclass(frozen=True, slots=True)
class Tier:
    """What is demanded. A broken rule fails always; a defect that an analyser sees fails from `fails_at` on."""

    name: str
    rules: tuple[Rule, ...]
    fails_at: Severity = Severity.HIGH
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """One finding, what it means under the tier, and the answer that it is about."""

    finding: HeaderFinding
    outcome: Outcome
    url: str
    status: int
    waiver: Waiver | None = None  # the one that excuses it, or that ended


Examine = Callable[[HttpAnswer], Sequence[HeaderFinding]]


def judge(
    tier: Tier, answers: Sequence[HttpAnswer], today: date, *, examine: Examine = analyse
) -> tuple[Judgement, ...]:
    """Return all findings about these answers, failures first.

    `examine` gives the findings besides the tier's own rules; `analysis.examine` adds those of the CSP evaluator.
    A 304 is not judged: it repeats no header that the browser already has (RFC 9110 15.4.5).
    """
    found: list[Judgement] = []
    for answer in answers:
        if answer.status == _NOT_MODIFIED:
            continue
        broken = [finding for rule in tier.rules if rule.kinds & answer.kinds for finding in rule.find(answer)]
        found += [_judge(tier, one, answer, today, fails=True) for one in broken]
        found += [
            _judge(tier, one, answer, today, fails=one.severity.at_least(tier.fails_at)) for one in examine(answer)
        ]
    found += [_judge(tier, one, answer, today, fails=True) for answer, one in _reused_nonces(answers)]
    order = list(Outcome)
    # two rules may meet the same obstacle: say it once
    once: dict[tuple[str, ...], Judgement] = {}
    for one in found:
        once.setdefault((*_key(one), str(one.status)), one)
    return tuple(sorted(once.values(), key=lambda one: (order.index(one.outcome), one.finding.severity.rank)))


def failures(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Return those that fail the tier."""
    return tuple(one for one in judgements if one.outcome is Outcome.FAILS)


def forecast(
    tiers: Mapping[str, Tier], current: str, answers: Sequence[HttpAnswer], today: date, *, examine: Examine = analyse
) -> tuple[Judgement, ...]:
    """Return what would fail under the tier after `current` and does not fail under it. Nothing after the last."""
    names = list(tiers)
    rest = names[names.index(current) + 1 :]
    if not rest:
        return ()
    failing = {_key(one) for one in failures(judge(tiers[current], answers, today, examine=examine))}
    coming = failures(judge(tiers[rest[0]], answers, today, examine=examine))
    return tuple(one for one in coming if _key(one) not in failing)


def unused_waivers(tier: Tier, judgements: Iterable[Judgement]) -> tuple[Waiver, ...]:
    """Return waivers that excused nothing: what they were for is mended, so they can go."""
    used = {one.waiver for one in judgements}
    return tuple(waiver for waiver in tier.waivers if waiver not in used)


def _judge(tier: Tier, finding: HeaderFinding, answer: HttpAnswer, today: date, *, fails: bool) -> Judgement:
    if not fails:
        return Judgement(finding, Outcome.NOTED, answer.url, answer.status)
    matching = sorted((one for one in tier.waivers if one.matches(finding)), key=lambda one: one.until)
    waiver = matching[-1] if matching else None
    excused = waiver is not None and today <= waiver.until
    return Judgement(finding, Outcome.WAIVED if excused else Outcome.FAILS, answer.url, answer.status, waiver)


def _reused_nonces(answers: Sequence[HttpAnswer]) -> Iterator[tuple[HttpAnswer, HeaderFinding]]:
    """Yield a finding for each answer whose nonce another answer had too (CSP 3, 7.1: nonces are fresh)."""
    counts = Counter(nonce for answer in answers for nonce in caching.nonces(answer))
    for answer in answers:
        for nonce in caching.nonces(answer):
            if counts[nonce] > 1:
                yield (
                    answer,
                    HeaderFinding(
                        "csp-nonce-reused",
                        Severity.HIGH,
                        policies.ENFORCED,
                        f"'nonce-{nonce}'",
                        f"{counts[nonce]} answers had this nonce: an attacker can know it before.",
                        "Make a nonce for each answer, and do not let a cache keep the page.",
                        ("P13-X1",),
                    ),
                )


def _key(one: Judgement) -> tuple[str, str, str, str]:
    return one.finding.id, one.finding.header, one.finding.value, one.url


# Velocity's deployment plan, 7.3, word for word (4.1 is the same without fonts)
VELOCITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline' *.vercel.app *.supabase.co; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
    "connect-src 'self' *.supabase.co *.fly.dev wss:; font-src 'self' fonts.gstatic.com;"
)
_UNTIL = date(2027, 3, 31)
_WHY = "plan 7.3; Phase 13 (4.1) ends it"
_PRIVATE = ("strict-origin-when-cross-origin", "strict-origin", "same-origin", "no-referrer")
_OWN_CODE = (
    Demand.NO_INLINE_SCRIPT,
    Demand.NO_INLINE_STYLE,
    Demand.NO_EVAL,
    Demand.NO_ANY_HOST,
    Demand.NO_SHARED_HOSTS,
)
_CLOSED = (Demand.NO_PLUGINS, Demand.FIXED_BASE, Demand.FORM_TARGETS, Demand.FRAME_ANCESTORS, Demand.REPORTS)
_PLANNED = (
    HeaderRule(X_FRAME_OPTIONS, EVERYWHERE, ("SAMEORIGIN", "DENY"), ("VEL-X1",)),
    HeaderRule(sniffing.NAME, EVERYWHERE, ("nosniff",), ("VEL-X1",)),
    HeaderRule(referrer.NAME, EVERYWHERE, _PRIVATE, ("VEL-X1",)),
)

DEFAULT_TIERS: Mapping[str, Tier] = MappingProxyType(
    {
        "baseline": Tier(
            "baseline",
            (
                PolicyRule(no_looser_than=VELOCITY_POLICY, kinds=EVERYWHERE, covers=("VEL-X1",)),
                PolicyRule(demands=_OWN_CODE, kinds=PAGES),
                *_PLANNED,
            ),
            Severity.HIGH,
            tuple(
                Waiver(rule, value, _UNTIL, _WHY)
                for rule, value in (
                    ("script-unsafe-inline", "script-src 'unsafe-inline'"),
                    ("style-unsafe-inline", "style-src 'unsafe-inline'"),
                    ("script-unsafe-eval", "script-src 'unsafe-eval'"),
                    ("multi-tenant-host", "script-src *.vercel.app"),
                    ("multi-tenant-host", "script-src *.supabase.co"),
                    ("multi-tenant-host", "connect-src *.supabase.co"),
                    ("multi-tenant-host", "connect-src *.fly.dev"),
                )
            ),
        ),
        "hardened": Tier(
            "hardened",
            (
                PolicyRule((*_OWN_CODE, *_CLOSED)),
                HstsRule(hsts.HALF_YEAR),
                HeaderRule(permissions.NAME, PAGES),
                *_PLANNED,
            ),
            Severity.MEDIUM,
        ),
        "strict": Tier(
            "strict",
            (
                PolicyRule((*_OWN_CODE, *_CLOSED, Demand.NONCE_OR_HASH, Demand.STRICT_DYNAMIC, Demand.TRUSTED_TYPES)),
                HstsRule(hsts.YEAR, subdomains=True),
                HeaderRule(permissions.NAME, PAGES),
                HeaderRule(isolation.COOP, PAGES, isolation.HEADERS[isolation.COOP].protects, ("P13-X3",)),
                HeaderRule(isolation.CORP, WITH_BODY, isolation.HEADERS[isolation.CORP].protects, ("P13-X3",)),
                *_PLANNED,
            ),
            Severity.LOW,
        ),
    }
)
