"""The nouns of Postflight. All frozen; no I/O.

A test takes `Measurement`s and its outcome becomes a `Finding`; a `Budget` says what is allowed; `verdict.decide` turns
findings into a `Verdict`. A `Deployment` is what all of this is about, resolved once before anything is collected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum

from postflight.exhibits import Exhibit


class Decision(StrEnum):
    """What the pipeline does next."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLLBACK = "rollback"
    INVALID = "invalid"

    @property
    def exit_code(self) -> int:
        """The exit code of `postflight gate`. 1 to 5 are pytest's and Python's and are never a verdict."""
        return ExitCode[self.name].value


class ExitCode(IntEnum):
    """Exit codes of `postflight gate`."""

    PROMOTE = 0
    HOLD = 10
    ROLLBACK = 20
    INVALID = 30


class OnBreach(StrEnum):
    """What a broken limit asks for."""

    ROLLBACK = "rollback"
    HOLD = "hold"
    WARN = "warn"


class Status(StrEnum):
    """What one check found. Two questions, never mixed: is the deployment good, and was the measurement valid."""

    GOOD = "good"  # measured, and within what is allowed
    BAD = "bad"  # measured, and not
    FLAKY = "flaky"  # bad, then good when measured again
    UNKNOWN = "unknown"  # measured, but too little evidence for a claim
    INVALID = "invalid"  # could not be measured, and that is not the deployment's fault
    EXCLUDED = "excluded"  # not allowed here by configuration: shown, never counted as good


class Unit(StrEnum):
    """Units in which measurements are stored; `config.units` parses what people write (`500 ms`, `5 %`)."""

    SECONDS = "s"
    RATIO = "ratio"  # 5 % is stored as 0.05
    BYTES = "B"
    COUNT = "count"
    PER_SECOND = "1/s"
    SCORE = "score"  # a number that has no unit, and need not be whole: 0.1 of layout shift


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that knows its unit."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        """As a person would write it: `1.25 s`, `340 ms`, `5 %`, `170 KB`."""
        match self.unit:
            case Unit.SECONDS if abs(self.value) < 0.9995:
                return f"{self.value * 1000:.3g} ms"
            case Unit.SECONDS if abs(self.value) < 100:
                return f"{self.value:.3g} s"
            case Unit.SECONDS:
                return f"{self.value:.0f} s"
            case Unit.RATIO:
                return f"{self.value * 100:.4g} %"
            case Unit.BYTES if abs(self.value) >= 1_000_000:
                return f"{self.value / 1_000_000:.4g} MB"
            case Unit.BYTES if abs(self.value) >= 1000:
                return f"{self.value / 1000:.4g} KB"
            case Unit.BYTES:
                return f"{self.value:.0f} B"
            case Unit.PER_SECOND:
                return f"{self.value:.4g} /s"
            case Unit.SCORE:
                return f"{self.value:.3g}"
            case _:
                return f"{self.value:.6g}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """Something that was measured: the metric's name, its values in one unit (never empty), and where.

    With an `interval`, the limit is about what it estimates (a median, a quantile) and held against the interval;
    without one, against each value. `limit`, `met` and `bound` are filled in when a budget is held against it.
    """

    metric: str
    values: tuple[float, ...]
    unit: Unit
    where: str = ""
    limit: str = ""
    met: bool | None = None
    bound: float | None = None  # the limit's number, in the same unit
    interval: tuple[float, float] | None = None  # of confidence, in the same unit
    cause: str = ""  # what makes it so, in words: a broken limit names it
    browser: str = ""  # that had a part in it, with its kind and version; empty: none had

    @property
    def worst(self) -> Quantity:
        """The largest value: what an `at_most` budget is held against."""
        return Quantity(max(self.values), self.unit)

    @property
    def least(self) -> Quantity:
        """The smallest value: what an `at_least` budget is held against."""
        return Quantity(min(self.values), self.unit)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit from `budgets.yaml`. Exactly one of `at_most` and `at_least` is set."""

    metric: str
    stage: str
    at_most: Quantity | None = None
    at_least: Quantity | None = None
    min_samples: int = 1
    on_breach: OnBreach = OnBreach.HOLD
    covers: tuple[str, ...] = ()
    source: str = ""  # "budgets.yaml:12", for messages

    @property
    def limit(self) -> str:
        """The limit in words: `at most 30 s`."""
        return f"at most {self.at_most}" if self.at_most is not None else f"at least {self.at_least}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value and the *name* of the environment variable that held it. Shown only by its name."""

    name: str
    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the value. Call it where the request is made, and nowhere else."""
        return self._value

    def __str__(self) -> str:
        """Only the name: a secret in an f-string does no harm."""
        return f"${self.name}"


@dataclass(frozen=True, slots=True)
class Account:
    """A synthetic account of the platform, for example `primary` or `other`."""

    role: str
    email: Secret
    password: Secret


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a platform. `regions` maps a region's name to its own URL where regions can be addressed."""

    name: str
    url: str
    regions: Mapping[str, str] = field(default_factory=dict)
    health: str | None = None  # path of the health document


@dataclass(frozen=True, slots=True)
class Permissions:
    """What may be done to a deployment. Nothing, unless `deployments.yaml` says so."""

    may_create: bool = False
    may_load: bool = False
    may_fuzz: bool = False
    may_exhaust: bool = False  # fill a pool up to its limit
    may_inject: bool = False  # put harmless probes into our own browser's copy of a page


@dataclass(frozen=True, slots=True)
class AllowedTrouble:
    """A known trouble of a page that does not fail a test until its date. `match` is a part of its text or URL."""

    kind: str
    match: str
    until: date
    why: str


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A route that says it refuses too many requests. That it is written down is the permission to find out."""

    name: str
    method: str
    path: str  # of the web service
    body: Mapping[str, str]  # JSON; empty: none
    at_most: int  # requests
    within: float  # seconds


@dataclass(frozen=True, slots=True)
class StageSet:
    """What is verified after one phase of a deployment: of some stages, the checks that cover these requirements."""

    name: str
    stages: tuple[str, ...]
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """Where a database says which migrations it has had, and the one that it must have had."""

    table: str  # may name its schema: supabase_migrations.schema_migrations
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class DatabaseSchema:
    """What the database of a release must have: table -> columns, and a migration.

    `usage`: what people do -> (table, column with the time at which a row was made).
    """

    tables: Mapping[str, tuple[str, ...]]
    migration: Migration | None = None
    usage: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contract:
    """What an API has promised, and how it may be held to it."""

    document: str = ""  # path of the OpenAPI document that is promised; empty: contract/<platform>.openapi.yaml
    previous: str = ""  # path of the last release's document
    served_at: str = "/openapi.json"  # where the deployment serves its own
    safe: tuple[str, ...] = ()  # `POST /search`: operations without effect although they are no GET
    at_most: int | None = None  # requests of a run
    per_second: float | None = None  # requests


@dataclass(frozen=True, slots=True)
class Query:
    """A query in PromQL, and where it is written: `deployments.yaml:41`. `$window` in it stands for a span of time."""

    promql: str
    source: str


@dataclass(frozen=True, slots=True)
class Resources:
    """Whom to ask how much of its machines a deployment needs, and how.

    `scraped` selects one series for each target, which is 1 whenever its scrape succeeded. `shares`: cpu, memory or
    disk -> a query whose series are shares in use, from 0 to 1.
    """

    prometheus: str  # URL
    scraped: Query
    shares: Mapping[str, Query]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is verified. Resolved once, before collection; nothing later changes it."""

    platform: str
    environment: str
    base_url: str
    known: bool  # False: an address that deployments.yaml does not know; bad then means hold
    services: Mapping[str, Service] = field(default_factory=dict)
    permissions: Permissions = Permissions()
    limits: Mapping[str, Quantity] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    missing_secrets: tuple[str, ...] = ()  # names of environment variables that are not set
    adapter: str | None = None  # "module:Class"
    control: str | None = None  # an address that must answer when the runner's network works
    preflight_deadline: float = 3.5  # seconds
    allowed_trouble: tuple[AllowedTrouble, ...] = ()
    ca_file: str | None = None  # additional certificate authority (PEM file), for test certificates
    tier: str = ""  # of security headers: baseline, hardened, strict, or none that anybody has promised
    rate_limits: tuple[RateLimit, ...] = ()
    scan_results: tuple[str, ...] = ()  # files that vulnerability scanners have written
    stage_sets: Mapping[str, StageSet] = field(default_factory=dict)
    database: DatabaseSchema | None = None
    contract: Contract = Contract()
    third_parties: tuple[str, ...] | None = None  # hosts that its pages may ask; None: nobody has said
    lighthouse: tuple[str, ...] = ()  # names of pages for which its score is asked
    resources: Resources | None = None


@dataclass(frozen=True, slots=True)
class Weakness:
    """One weak point of a header, a policy, a cookie, a certificate or a library. A finding may tell of several."""

    rule: str  # stable and kebab-case: waivers and SARIF rules are named by it
    severity: str  # high, medium, low or info
    subject: str  # `Strict-Transport-Security`, `TLS`
    value: str  # what was seen, bounded
    message: str
    remedy: str = ""
    where: str = ""  # URL, service or package
    covers: tuple[str, ...] = ()
    coming: bool = False  # fails in the next tier only: shown, decides nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, with all that a person needs at three in the morning. All texts are free of secrets."""

    check: str  # stable id: a pytest node id, or "preflight"
    stage: str
    status: Status
    on_breach: OnBreach = OnBreach.ROLLBACK
    title: str = ""
    summary: str = ""  # one sentence: what is wrong
    expected: str = ""
    seen: str = ""
    where: str = ""  # URL or service
    covers: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    curl: str = ""
    rerun: str = ""
    details: str = ""  # traceback or log, bounded
    evidence: tuple[str, ...] = ()  # files, relative to the reports folder
    seconds: float = 0.0
    voids_run: bool = False  # what it says makes every other measurement of the run worthless
    weaknesses: tuple[Weakness, ...] = ()  # worst first
    exhibits: tuple[Exhibit, ...] = ()  # pictures for report.html; they decide nothing


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is: the decision that this finding asks for, in one line."""

    decision: Decision
    check: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the pipeline does next, and why. `reasons` are ordered: those that made the decision first."""

    decision: Decision
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    planned: int  # checks that were to run

    def count(self, status: Status) -> int:
        """Return how many findings have this status."""
        return sum(finding.status is status for finding in self.findings)
