"""What axe-core found on a page, and what follows: WCAG 2.1 A and AA decide, all else is told.

axe says of a rule that it is violated only where it is certain; what it calls incomplete needs a person's eyes. So a
violation is a fault, and an incomplete rule is a weak point that decides nothing. Rules of WCAG 2.2 and axe's own "best
practices" are no part of the promise: weak points, too.

Source: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#results-object
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from postflight.checks.access.words import listed, tidy
from postflight.errors import CannotMeasure
from postflight.model import AllowedTrouble, Weakness

KIND = "axe"
"""The kind of a waiver in `deployments.yaml`, under `page_troubles`."""

PROMISED = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
"""axe's tags of what a page must keep."""

TOLD = ("wcag22aa", "best-practice")
"""axe's tags of what is looked at besides, and decides nothing."""

COVERS = ("P13-A1",)
_CRITERION = re.compile(r"wcag(\d)(\d)(\d{1,2})")
_SEVERITY = {"critical": "high", "serious": "high", "moderate": "medium", "minor": "low"}


@dataclass(frozen=True, slots=True)
class Issue:
    """One rule of axe and the elements that it is about. `places` are selectors; a frame's begin with its own."""

    rule: str
    impact: str  # critical, serious, moderate, minor
    help: str
    criteria: tuple[str, ...]  # of WCAG: 1.4.3
    places: tuple[str, ...]
    promised: bool  # a rule of WCAG 2.1 A or AA
    why: str = ""  # markup and fault of the first element: colours and ratio, for example
    schemes: tuple[str, ...] = ()  # light, dark

    def __str__(self) -> str:
        """One line: `color-contrast (serious, WCAG 1.4.3, dark): Elements must ...: p.lead; Fix any of ...`."""
        criteria = f"WCAG {', '.join(self.criteria)}" if self.criteria else "no rule of WCAG 2.1"
        about = ", ".join((self.impact, criteria, *self.schemes))
        return f"{self.rule} ({about}): {self.help}: {listed(self.places)}" + (f" [{self.why}]" if self.why else "")

    def is_like(self, match: str) -> bool:
        """Whether a waiver's `match` is the rule's name, or a part of a selector."""
        return match == self.rule or any(match in place for place in self.places)


@dataclass(frozen=True, slots=True)
class Examination:
    """One run of axe over a page in one colour scheme."""

    engine: str
    rules: int  # that found something to look at
    violations: tuple[Issue, ...]
    doubtful: tuple[Issue, ...]


def read(raw: Mapping[str, Any], scheme: str) -> Examination:
    """Read axe's result object.

    Raises `CannotMeasure` if no rule found anything to look at: then nothing was examined, and nothing is good.
    """
    engine = f"{raw['testEngine']['name']} {raw['testEngine']['version']}"
    looked = sum(bool(rule["nodes"]) for kind in ("passes", "violations", "incomplete") for rule in raw[kind])
    if not looked:
        raise CannotMeasure(
            f"{engine} found nothing on the page that any of its rules is about",
            expected="a page with elements",
            seen="no rule was applied to any element",
        )
    return Examination(
        engine, looked, tuple(_issues(raw["violations"], scheme)), tuple(_issues(raw["incomplete"], scheme))
    )


def broken(raw: Mapping[str, Any]) -> frozenset[tuple[str, str, str]]:
    """Return what of WCAG 2.1 A and AA axe's result object says is violated: rule, element, what is wrong with it."""
    promised = [rule for rule in raw["violations"] if _is_promised(rule)]
    return frozenset(_fault(rule, node) for rule in promised for node in rule["nodes"])


def settled(*looks: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the last result object; a violation that an earlier one has not, or has otherwise, is incomplete there.

    What fades in has another contrast each time, and what is not filled in yet has no name yet.
    """
    last = looks[-1]
    known = frozenset.intersection(*map(broken, looks))
    stands, moves = [], []
    for rule in last["violations"]:
        nodes = [node for node in rule["nodes"] if not _is_promised(rule) or _fault(rule, node) in known]
        stands.append({**rule, "nodes": nodes})
        moves.append({**rule, "nodes": [node for node in rule["nodes"] if node not in nodes]})
    return {**last, "violations": stands, "incomplete": [*last["incomplete"], *moves]}


def faults(seen: Sequence[Examination]) -> tuple[Issue, ...]:
    """Return what breaks WCAG 2.1 A or AA, each rule once, worst first."""
    return tuple(issue for issue in _joined(seen, "violations") if issue.promised)


def waive(
    issues: Iterable[Issue], allowed: Sequence[AllowedTrouble], today: date
) -> tuple[tuple[Issue, ...], tuple[Issue, ...]]:
    """Return what stands and what is waived. A waiver excuses up to and including its day, and is then named.

    One that matches a selector excuses those elements only: the rule's other elements stand.
    """
    waivers = [entry for entry in allowed if entry.kind == KIND]
    stands, waived = [], []
    for issue in issues:
        valid = [entry.match for entry in waivers if today <= entry.until]
        excused = tuple(p for p in issue.places if issue.rule in valid or any(match in p for match in valid))
        left = tuple(place for place in issue.places if place not in excused)
        if excused:
            waived.append(replace(issue, places=excused))
        if left:
            rest = replace(issue, places=left)
            over = [entry for entry in waivers if today > entry.until and rest.is_like(entry.match)]
            ended = "".join(f" [was allowed until {entry.until}: {entry.why}]" for entry in over[-1:])
            stands.append(replace(rest, help=f"{issue.help}{ended}"))
    return tuple(stands), tuple(waived)


def weak_points(seen: Sequence[Examination], waived: Iterable[Issue], where: str) -> tuple[Weakness, ...]:
    """Return all that decides nothing: what a person must look at, what WCAG 2.1 does not ask for, what is waived."""
    besides = [issue for issue in _joined(seen, "violations") if not issue.promised]
    return (
        *(_weakness(issue, where, "Waived: ", _SEVERITY.get(issue.impact, "info")) for issue in waived),
        *(
            _weakness(issue, where, "", "low" if issue.impact in {"critical", "serious"} else "info")
            for issue in besides
        ),
        *(_weakness(issue, where, "Look at it: ", "info") for issue in _joined(seen, "doubtful")),
    )


def _weakness(issue: Issue, where: str, lead: str, severity: str) -> Weakness:
    return Weakness(
        rule=f"{KIND}-{issue.rule}",
        severity=severity,
        subject="accessibility",
        value=listed(issue.places),
        message=f"{lead}{issue}",
        remedy=issue.why,
        where=where,
        covers=COVERS,
    )


def _joined(seen: Sequence[Examination], kind: str) -> tuple[Issue, ...]:
    """Return the issues of all schemes, each rule and its places once, and in which schemes they were seen."""
    found: dict[tuple[str, tuple[str, ...]], Issue] = {}
    for examination in seen:
        for issue in getattr(examination, kind):
            key = (issue.rule, issue.places)
            schemes = (*found[key].schemes, *issue.schemes) if key in found else issue.schemes
            found[key] = replace(found.get(key, issue), schemes=schemes)
    order = list(_SEVERITY)
    return tuple(sorted(found.values(), key=lambda issue: order.index(issue.impact) if issue.impact in order else 9))


def _issues(rules: Iterable[Mapping[str, Any]], scheme: str) -> Iterator[Issue]:
    for rule in rules:
        nodes = rule["nodes"]
        if nodes:
            tags = rule["tags"]
            yield Issue(
                rule=tidy(str(rule["id"])),
                impact=str(rule.get("impact") or "minor"),
                help=tidy(str(rule["help"])),
                criteria=tuple(".".join(found.groups()) for tag in tags if (found := _CRITERION.fullmatch(tag))),
                places=tuple(dict.fromkeys(_place(node["target"]) for node in nodes)),
                promised=_is_promised(rule),
                why=_why(nodes[0]),
                schemes=(scheme,),
            )


def _is_promised(rule: Mapping[str, Any]) -> bool:
    return any(tag in PROMISED for tag in rule["tags"])


def _fault(rule: Mapping[str, Any], node: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(rule["id"]), _place(node["target"]), str(node.get("failureSummary") or "")


def _why(node: Mapping[str, Any]) -> str:
    """Return the first element's markup, and what axe says must be mended: any of these, or all of those."""
    advice = [tidy(line) for line in str(node.get("failureSummary") or "").splitlines() if line.strip()]
    markup = tidy(str(node.get("html") or ""), 120)
    return tidy(f"{markup}: {' '.join(advice[:1])} {'; '.join(advice[1:])}".strip(), 400)


def _place(target: Sequence[Any]) -> str:
    """Return a target of axe as text: frames are parted by `>>>`, shadow roots (a list in the list) by `>>`."""
    return tidy(" >>> ".join(part if isinstance(part, str) else " >> ".join(part) for part in target))
