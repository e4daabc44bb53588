"""`header_tiers:` of budgets.yaml: what each tier demands of headers, and which weaknesses it excuses until when."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from postflight.checks.csp import parse_policy
from postflight.checks.headers.answer import ContentKind
from postflight.checks.headers.demands import Demand
from postflight.checks.headers.finding import Severity
from postflight.checks.headers.rules import EVERYWHERE, PAGES, HeaderRule, HstsRule, PolicyRule, Rule
from postflight.checks.headers.tiers import ANY, DEFAULT_TIERS, Tier, Waiver
from postflight.config.document import Document, Duration, Sentence
from postflight.config.requirements import Covered

TierName = Literal["baseline", "hardened", "strict"]
_ALL = "all"


def _every_kind(value: object) -> object:
    return tuple(ContentKind) if value == _ALL else value


_KIND_NAMES = [kind.value for kind in ContentKind]
Kinds = Annotated[
    tuple[Annotated[ContentKind, Field(strict=False)], ...],
    BeforeValidator(_every_kind),
    WithJsonSchema({"anyOf": [{"const": _ALL}, {"type": "array", "items": {"enum": _KIND_NAMES}, "minItems": 1}]}),
]


class HstsEntry(Document):
    """Strict-Transport-Security over HTTPS."""

    min_age: Duration
    subdomains: bool = False


class PolicyEntry(Document):
    """An enforced Content-Security-Policy."""

    demands: tuple[Annotated[Demand, Field(strict=False)], ...] = ()
    no_looser_than: Annotated[str, Field(description="a policy: what is served allows no more than it")] = ""

    @model_validator(mode="after")
    def _is_policy(self) -> "PolicyEntry":
        if self.no_looser_than and not parse_policy(self.no_looser_than).directives:
            raise ValueError("no_looser_than is no policy; write one, like \"default-src 'self'\"")
        return self


class RuleEntry(Document):
    """One rule. Exactly one of `header`, `hsts` and `policy`."""

    header: Annotated[str | None, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", description="name of a header")] = None
    one_of: Annotated[tuple[Sentence, ...], Field(description="what the header must come to; nothing: any value")] = ()
    hsts: HstsEntry | None = None
    policy: PolicyEntry | None = None
    kinds: Annotated[Kinds | None, Field(description="of answers; default: pages for a policy, else all")] = None
    covers: tuple[Covered, ...] = ()

    @model_validator(mode="after")
    def _one_rule(self) -> "RuleEntry":
        if sum(part is not None for part in (self.header, self.hsts, self.policy)) != 1:
            raise ValueError("write exactly one of header, hsts and policy")
        if self.one_of and self.header is None:
            raise ValueError("one_of belongs to a header")
        return self


class WaiverEntry(Document):
    """Excuses one weakness up to and including a day. On the day after it fails again."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", description="id of the finding")]
    value: Annotated[str, Field(description="value of the finding, or * for any")] = ANY
    until: Annotated[date, Field(description="the last day on which it is excused")]
    why: Sentence


class TierEntry(Document):
    """What a tier demands. A broken rule fails always; a defect of a header that was sent from `fails_at` on."""

    fails_at: Annotated[Severity, Field(strict=False)]
    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]
    waivers: tuple[WaiverEntry, ...] = ()


def make_tiers(entries: Mapping[TierName, TierEntry]) -> Mapping[str, Tier]:
    """Return all tiers, mildest first: those of the file, and Postflight's own where the file is silent."""
    written: dict[str, Tier] = {name: _tier(name, entry) for name, entry in entries.items()}
    return MappingProxyType({name: written.get(name, tier) for name, tier in DEFAULT_TIERS.items()})


def _tier(name: str, entry: TierEntry) -> Tier:
    waivers = tuple(Waiver(one.rule, one.value, one.until, one.why) for one in entry.waivers)
    return Tier(name, tuple(map(_rule, entry.rules)), entry.fails_at, waivers)


def _rule(entry: RuleEntry) -> Rule:
    kinds = frozenset(entry.kinds or ())
    if entry.header is not None:
        return HeaderRule(entry.header, kinds or EVERYWHERE, entry.one_of, entry.covers)
    if entry.hsts is not None:
        return HstsRule(int(entry.hsts.min_age.value), entry.hsts.subdomains, kinds or EVERYWHERE, entry.covers)
    assert entry.policy is not None  # noqa: S101 - _one_rule has seen to it
    return PolicyRule(entry.policy.demands, entry.policy.no_looser_than, kinds or PAGES, entry.covers)
