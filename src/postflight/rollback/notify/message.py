"""What is told about a rollback: facts as plain text, from which each channel makes what it understands. No I/O.

Reasons and releases may hold text of the target. It stays text: a channel that knows markup gets it escaped, or in a
field that has none.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postflight.flow import cut
from postflight.model import Decision
from postflight.rollback.done import Done
from postflight.rollback.model import Case, Outcome, Stage

LONGEST_TITLE = 150  # characters; Slack's header takes no more
_MOST_REASONS = 5


class Phase(StrEnum):
    """When people are told: right after acting, and when everything that follows is over."""

    ACTED = "acted"
    ENDED = "ended"
    AGAIN = "again"  # the release serves again that was rolled back before: nothing was done


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `facts` are names and texts, in the order of reading; `links` are ours: name -> URL."""

    phase: Phase
    title: str
    facts: tuple[tuple[str, str], ...]
    links: Mapping[str, str]

    @property
    def text(self) -> str:
        """All of it as plain text."""
        lines = [self.title, "", *(f"{name}: {value}" for name, value in self.facts)]
        return "\n".join([*lines, *(f"{name}: {url}" for name, url in self.links.items())])

    @property
    def html(self) -> str:
        """All of it as the body of an e-mail."""
        rows = "".join(
            f"<tr><th align='left' valign='top'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in self.facts
        )
        links = "".join(
            f"<li><a href='{html.escape(url, quote=True)}'>{html.escape(name)}</a></li>"
            for name, url in self.links.items()
        )
        return f"<h1>{html.escape(self.title)}</h1><table>{rows}</table><ul>{links}</ul>"


def message(case: Case, phase: Phase, done: Done, links: Mapping[str, str]) -> Message:
    """Return what is told: what broke, since when, on what evidence, what was done, and what became of it."""
    facts = [
        ("Deployment", f"{case.platform} / {case.environment}, {case.base_url}"),
        ("Release", case.release),
        ("Broken since", case.since),
        ("Trigger", case.trigger),
        *(("Evidence", cut(reason)) for reason in case.reasons[:_MOST_REASONS]),
        *(("Done", _told(outcome)) for outcome in done.outcomes),
    ]
    if done.accepted_after is not None:
        facts.append(("Accepted", f"{done.accepted_after:.1f} s after the decision"))
    if phase is not Phase.ACTED:
        facts.append(("Serves now", done.release or "not seen"))
        facts.append(("The rollback itself", _ended(done)))
    facts.append(("Run", case.run_id))
    return Message(phase, cut_title(_title(case, phase, done)), tuple(facts), links)


def cut_title(text: str) -> str:
    """Return a title on one line, bounded."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def _title(case: Case, phase: Phase, done: Done) -> str:
    where = f"{case.platform} {case.environment}"
    if phase is Phase.AGAIN:
        return f"{case.severity}: {where}: {case.release} was rolled back before, and is bad again; a person must act"
    if not done.accepted:
        return f"{case.severity}: {where}: the rollback of {case.release} did not work; a person must act"
    if phase is Phase.ACTED:
        return f"{case.severity}: {where}: {case.release} is being rolled back ({case.trigger})"
    if done.verdict.decision is Decision.PROMOTE:
        return f"{case.severity}: {where}: {case.release} was rolled back, and what serves now is good"
    return f"{case.severity}: {where}: {case.release} was rolled back; a person must look at what serves now"


def _told(outcome: Outcome) -> str:
    evidence = f": {cut(outcome.evidence)}" if outcome.evidence else ""
    return (
        f"{outcome.action}: {outcome.stage.value if outcome.stage is not Stage.UNCLEAR else 'nobody knows'}{evidence}"
    )


def _ended(done: Done) -> str:
    reasons: Sequence[str] = [reason.text for reason in done.verdict.reasons[:_MOST_REASONS]]
    return "; ".join([done.verdict.decision.value, *map(cut, reasons)])
