"""`budgets.yaml`: what is allowed, and what a breach asks for. See the file itself for examples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from postflight.checks.headers.tiers import DEFAULT_TIERS, Tier
from postflight.config.deployments import GENERIC
from postflight.config.document import AnyQuantity, Document, validate
from postflight.config.header_tiers import TierEntry, TierName, make_tiers
from postflight.config.load import LoadEntry, LoadSettings, make_settings
from postflight.config.nearest import did_you_mean
from postflight.config.requirements import Covered, check_known
from postflight.config.triggers import Triggers
from postflight.config.yaml_source import Problem, Source, read_yaml
from postflight.model import Budget, OnBreach
from postflight.stats.rules import Rule

FILE = "budgets.yaml"
ANY = "any"  # what holds for every platform that does not say otherwise
DEFAULT = "default"  # what a failing check asks for when none of its requirements says otherwise

Stage = Literal["preflight", "smoke", "security", "contract", "performance", "load"]
Breach = Annotated[OnBreach, Field(strict=False)]
_SEVERITY = (OnBreach.WARN, OnBreach.HOLD, OnBreach.ROLLBACK)


def _known_or_default(requirement: str) -> str:
    return requirement if requirement == DEFAULT else check_known(requirement)


Metric = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]


class BudgetEntry(Document):
    """One limit. Exactly one of `at_most` and `at_least`."""

    at_most: AnyQuantity | None = None
    at_least: AnyQuantity | None = None
    min_samples: Annotated[int, Field(ge=1, le=10_000_000, description="fewer measurements are no evidence")] = 1
    on_breach: Breach
    covers: tuple[Covered, ...] = ()

    @model_validator(mode="after")
    def _one_limit(self) -> "BudgetEntry":
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("write exactly one of at_most and at_least")
        return self


class PlatformBudgets(Document):
    """The limits of one platform, or of `any`."""

    checks: Annotated[
        dict[Annotated[str, AfterValidator(_known_or_default)], Breach],
        Field(description="requirement -> what a failing check of it asks for", default_factory=dict),
    ]
    budgets: Annotated[
        dict[Stage, dict[Metric, BudgetEntry]], Field(description="stage -> metric -> limit", default_factory=dict)
    ]
    triggers: Annotated[Triggers, Field(description="rules of `postflight watch`, in the plans' words")] = Triggers()


class BudgetsDocument(Document):
    """The whole file."""

    version: Literal[1]
    platforms: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")], PlatformBudgets]
    header_tiers: Annotated[
        dict[TierName, TierEntry],
        Field(description="tier -> what it demands of security headers", default_factory=dict),
    ]
    load: Annotated[
        LoadEntry,
        Field(
            description="how much load, in which shape (docs/scale.md)",
            default_factory=lambda: LoadEntry(profiles={}, shapes={}),
        ),
    ]


@dataclass(frozen=True, slots=True)
class Budgets:
    """All limits, looked up by platform. What a platform does not say, `any` says."""

    budgets: Mapping[tuple[str, str], Mapping[str, Budget]] = field(
        default_factory=dict
    )  # (platform, stage) -> metric ->
    checks: Mapping[str, Mapping[str, OnBreach]] = field(
        default_factory=dict
    )  # platform -> requirement or `default` ->
    header_tiers: Mapping[str, Tier] = field(default_factory=lambda: DEFAULT_TIERS)  # mildest first
    triggers: Mapping[str, Triggers] = field(default_factory=dict)  # platform ->
    load: LoadSettings = field(default_factory=LoadSettings)

    def for_stage(self, platform: str, stage: str) -> Mapping[str, Budget]:
        """Return metric -> budget of a stage."""
        return MappingProxyType({**self.budgets.get((ANY, stage), {}), **self.budgets.get((platform, stage), {})})

    def rules_of(self, platform: str) -> tuple[Rule, ...]:
        """Return the triggers of a watch: the platform's, and what it does not say from `any`."""
        return self.triggers.get(platform, Triggers()).over(self.triggers.get(ANY, Triggers())).rules

    def on_breach_of(self, platform: str, covers: Sequence[str]) -> OnBreach:
        """Return what a failing check asks for: the most severe of what its requirements ask for.

        A requirement that is not listed asks for the default, which is `rollback` where the file has none.
        """
        listed = {**self.checks.get(ANY, {}), **self.checks.get(platform, {})}
        default = listed.get(DEFAULT, OnBreach.ROLLBACK)
        return max((listed.get(requirement, default) for requirement in covers), key=_SEVERITY.index, default=default)


def load_budgets(path: Path | None = None, *, platforms: Iterable[str] | None = None) -> Budgets:
    """Load `path`; without one, the current folder's file, or no limits at all where there is none.

    With `platforms` (those of `deployments.yaml`), limits of a platform that is not among them are an error too.
    Raises `ConfigError` that names every problem with file, line and remedy.
    """
    if path is None:
        path = Path(FILE)
        if not path.exists():
            return Budgets()
    source = read_yaml(path)
    known = None if platforms is None else (ANY, GENERIC, *platforms)

    def check(document: BudgetsDocument, source: Source) -> Iterator[Problem]:
        for platform in document.platforms:
            if known is not None and platform not in known:
                message = f"deployments.yaml has no such platform{did_you_mean(platform, known)}"
                yield source.problem(("platforms", platform), message)
        for name, profile in document.load.profiles.items():
            if profile.shape not in document.load.shapes:
                message = f"there is no shape {profile.shape!r}{did_you_mean(profile.shape, document.load.shapes)}"
                yield source.problem(("load", "profiles", name), message)

    document = validate(source, BudgetsDocument, check)
    budgets: dict[tuple[str, str], Mapping[str, Budget]] = {
        (platform, stage): MappingProxyType(
            {
                metric: _budget(metric, stage, entry, source.where(("platforms", platform, "budgets", stage, metric)))
                for metric, entry in entries.items()
            }
        )
        for platform, held in document.platforms.items()
        for stage, entries in held.budgets.items()
    }
    checks: dict[str, Mapping[str, OnBreach]] = {
        platform: MappingProxyType(held.checks) for platform, held in document.platforms.items()
    }
    triggers = {platform: held.triggers for platform, held in document.platforms.items()}
    tiers = make_tiers(document.header_tiers)
    load = make_settings(document.load)
    return Budgets(MappingProxyType(budgets), MappingProxyType(checks), tiers, MappingProxyType(triggers), load)


def _budget(metric: str, stage: str, entry: BudgetEntry, source: str) -> Budget:
    return Budget(
        metric, stage, entry.at_most, entry.at_least, entry.min_samples, entry.on_breach, entry.covers, source=source
    )
