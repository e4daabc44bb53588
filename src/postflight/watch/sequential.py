"""A trigger on a share of bad requests: its evidence for a break, for its absence, and what the control says. Pure."""

from dataclasses import dataclass, field, replace

from postflight.model import Finding, Measurement, Quantity, Unit
from postflight.signals.reading import Missing, Reading
from postflight.stats import floor, latencies, rates
from postflight.stats.blocks import MISSING
from postflight.stats.control import Call, Judgement, judge
from postflight.stats.eprocess import State
from postflight.stats.rules import Do, ErrorRate, SequentialRule, WatchPlan
from postflight.watch.finding import bad, finding, good, unknown
from postflight.watch.gaps import Gaps

SUSPICION = 1.0  # evidence above which one does not promote: then the blocks speak more for a break than against it


@dataclass(frozen=True, slots=True)
class SequentialTrigger:
    """`breaks` fires when the limit is broken, its mirror `keeps` when it is shown to be kept."""

    rule: SequentialRule
    breaks: State
    keeps: State
    control: State | None
    alpha: float  # of the whole watch
    gaps: Gaps = field(default_factory=Gaps)
    call: Judgement | None = None

    @classmethod
    def start(cls, plan: WatchPlan, rule: SequentialRule, *, with_control: bool) -> "SequentialTrigger":
        """Return the state before the first block."""
        below = rates.below if isinstance(rule, ErrorRate) else latencies.below
        test = plan.test(rule)
        keeps = below(rule.limit, alpha=plan.alpha_each, blocks=plan.blocks).start()
        return cls(rule, test.start(), keeps, test.start() if with_control else None, plan.alpha)

    def update(self, seen: Reading, control: Reading | None) -> "SequentialTrigger":
        """Return the state after one more block."""
        found = seen.counted.get(self.rule.name, Missing("its signal said nothing"))
        block = MISSING if isinstance(found, Missing) else found
        beside = self.control
        if beside is not None:
            counted = control.counted.get(self.rule.name) if control is not None else None
            beside = beside.update(MISSING if counted is None or isinstance(counted, Missing) else counted)
        breaks = self.breaks.update(block)
        call = self.call
        if call is None and (judgement := judge(breaks, beside)).call is not Call.WAIT:
            call = judgement
        gaps = self.gaps.update(found if isinstance(found, Missing) else None)
        return replace(self, breaks=breaks, keeps=self.keeps.update(block), control=beside, gaps=gaps, call=call)

    @property
    def must_act(self) -> bool:
        """Whether it asks for what cannot wait."""
        return self.call is not None and self.call.call is Call.ACT and self.rule.do is not Do.HOLD

    @property
    def digits(self) -> tuple[float, ...]:
        """What decides: the logarithms of all evidence, and the counts."""
        tests = [self.breaks, self.keeps, *([self.control] if self.control else [])]
        return (*(test.log_evidence for test in tests), self.breaks.requests, self.breaks.bad, self.gaps.total)

    @property
    def claim(self) -> floor.Claim:
        """What the requests so far say about the limit, taken as independent of each other."""
        seen = self.breaks
        return floor.judge(1 - self.rule.limit, 1 - self.alpha, requests=seen.requests, failures=seen.bad)

    @property
    def limit(self) -> str:
        """The limit in words."""
        share = Quantity(round(self.rule.limit, 12), Unit.RATIO)
        if isinstance(self.rule, ErrorRate):
            return f"at most {share} bad"
        return f"at most {share} slower than {Quantity(self.rule.slower_than, Unit.SECONDS)}"

    def finding(self, *, complete: bool) -> Finding:
        """Return what the watch found. `complete`: it lasted as long as was planned.

        To be good takes evidence: the mirrored test, which may be looked at any time, or at the planned end (one look,
        fixed beforehand) enough requests by the evidence floor.
        """
        base = finding(self.rule.name, self.limit, self._measurement())
        seen = f"{self.breaks.bad} of {self.breaks.requests} requests"
        if self.call is not None:
            return bad(base, self.rule.do, self.call, f"{seen} since the watch began")
        if trouble := self.gaps.trouble(base):
            return trouble
        if self.breaks.evidence > SUSPICION:
            return unknown(base, f"{seen} were bad; the last blocks speak for a break (evidence {self._evidence})")
        claim = self.claim
        if self.keeps.fired or (complete and claim.proof is floor.Proof.SHOWN):
            return good(base, f"{seen} were bad; evidence {self._evidence}{self.gaps.note}")
        if not complete:
            return unknown(base, f"{seen} were bad, which shows too little before the planned end")
        return unknown(base, str(claim))

    @property
    def _evidence(self) -> str:
        return f"{self.breaks.evidence:.2g} of {self.breaks.test.threshold:.3g}"

    def _measurement(self) -> tuple[Measurement, ...]:
        if not self.breaks.requests:
            return ()
        met = False if self.call else True if self.keeps.fired else None
        share = self.breaks.bad / self.breaks.requests
        return (Measurement(f"watch.{self.rule.name}", (share,), Unit.RATIO, limit=self.limit, met=met),)
