"""`postflight headers URL|FILE`: what a browser makes of an answer's headers, for a person at a prompt."""

import json
import ssl
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click
import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postflight.checks import tokens
from postflight.checks.headers import dump, redirection
from postflight.checks.headers.analysis import advise, examine, in_order
from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.tiers import DEFAULT_TIERS, Judgement, Outcome, Tier, forecast, judge
from postflight.config import load_budgets
from postflight.errors import CannotMeasure, ConfigError, Unreachable

FAILED, NOT_MEASURED = 10, 30  # as `postflight gate` says hold and invalid; 1 to 5 are never a verdict
MAX_FILE = 64 * 1024 * 1024  # bytes
MAX_HOPS = 10
_COLOURS = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}


@click.command("headers")
@click.argument("source", metavar="URL|FILE")
@click.option(
    "--tier",
    type=click.Choice(list(DEFAULT_TIERS)),
    help="Judge by this tier of budgets.yaml, and forecast the next one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--url", "dump_url", default="https://saved.invalid/", help="Where a saved header dump came from.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="An additional certificate authority (PEM).")
@click.option("--deadline", default=10.0, show_default=True, help="Seconds for each answer.")
def headers(source: str, tier: str | None, *, as_json: bool, dump_url: str, ca: str | None, deadline: float) -> None:
    """Say what a browser makes of an answer's security headers.

    URL is fetched, its redirects followed. FILE is saved with `curl -sI` or as HAR.

    Exit code 0: nothing fails. 10: something fails (the tier; without --tier a finding of severity high). 30: there was
    no answer to look at. 1 and 2 are usage errors, never a verdict.
    """
    try:
        tiers = load_budgets().header_tiers
        answers = _fetch(source, ca, deadline) if "://" in source else _read(Path(source), dump_url)
    except (CannotMeasure, Unreachable) as error:
        click.echo(f"postflight headers: {error}", err=True)
        raise SystemExit(NOT_MEASURED) from None
    today = datetime.now(UTC).date()
    extra = _of_the_way(answers)
    judged = _judge(tiers[tier] if tier else None, answers, today)
    coming = forecast(tiers, tier, answers, today, examine=examine) if tier else ()
    if as_json:
        click.echo(json.dumps(_json(answers, extra, judged, coming, tier), indent=2))
    else:
        _show(Console(), answers, extra, judged, coming, tier)
    failed = any(one.outcome is Outcome.FAILS for one in judged) or any(one.severity is Severity.HIGH for one in extra)
    raise SystemExit(FAILED if failed else 0)


def _judge(tier: Tier | None, answers: Sequence[HttpAnswer], today: date) -> tuple[Judgement, ...]:
    """Judge by the tier; without one all advice is shown, and `high` fails."""
    if tier:
        return judge(tier, answers, today, examine=examine)
    return tuple(
        Judgement(one, Outcome.FAILS if one.severity is Severity.HIGH else Outcome.NOTED, answer.url, answer.status)
        for answer in answers
        for one in advise(answer)
    )


def _of_the_way(answers: Sequence[HttpAnswer]) -> tuple[HeaderFinding, ...]:
    """Return what concerns the answers together: the upgrade to HTTPS, and tokens in their URLs."""
    found = list(redirection.find_upgrade(answers))
    for answer in answers:
        found += tokens.find(answer.url)
    return in_order(found)


def _fetch(url: str, ca: str | None, deadline: float) -> tuple[HttpAnswer, ...]:
    """GET the URL and what it redirects to, without bodies. Raises `Unreachable` or `ConfigError`."""
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    answers: list[HttpAnswer] = []
    try:
        with httpx.Client(verify=context, timeout=deadline, headers={"accept": "text/html,*/*"}) as client:
            for _ in range(MAX_HOPS):
                with client.stream("GET", url) as response:
                    pairs = ((key.decode("latin-1"), value.decode("latin-1")) for key, value in response.headers.raw)
                    answers.append(HttpAnswer(str(response.url), response.status_code, tuple(pairs)))
                url = answers[-1].redirect_target
                if not url.startswith(("http:", "https:")):
                    break
    except httpx.InvalidURL as error:
        raise ConfigError(f"{url} is no URL: {error}") from error
    except httpx.UnsupportedProtocol as error:
        raise ConfigError(f"{url}: expected http:// or https://") from error
    except httpx.HTTPError as error:
        shown = tokens.without_secrets(url)
        raise Unreachable(f"{shown} gave no answer: {error or type(error).__name__}", where=shown) from error
    return tuple(answers)


def _read(path: Path, url: str) -> tuple[HttpAnswer, ...]:
    """Read saved answers. Raises `ConfigError` with what to do."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path} is larger than {MAX_FILE // 2**20} MiB")
        return dump.parse(path.read_text("utf-8", "replace"), url)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; expected a URL (https://...) or a saved file") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def _json(
    answers: Sequence[HttpAnswer],
    extra: Sequence[HeaderFinding],
    judged: Sequence[Judgement],
    coming: Sequence[Judgement],
    tier: str | None,
) -> dict[str, object]:
    return {
        "tier": tier,
        "answers": [
            {"url": tokens.without_secrets(one.url), "status": one.status, "kinds": sorted(one.kinds)}
            for one in answers
        ],
        "findings": [one.as_json() for one in extra] + [_entry(one) for one in judged],
        "forecast": [_entry(one) for one in coming],
    }


def _entry(one: Judgement) -> dict[str, object]:
    return {
        **one.finding.as_json(),
        "outcome": one.outcome.value,
        "url": tokens.without_secrets(one.url),
        "status": one.status,
        "waived_until": one.waiver.until.isoformat() if one.waiver else None,
    }


def _show(
    console: Console,
    answers: Sequence[HttpAnswer],
    extra: Sequence[HeaderFinding],
    judged: Sequence[Judgement],
    coming: Sequence[Judgement],
    tier: str | None,
) -> None:
    if extra:
        console.print(_table("On the way", [(one, "", "") for one in extra]))
    for answer in {(one.url, one.status): one for one in answers}.values():
        here = (one for one in judged if (one.url, one.status) == (answer.url, answer.status))
        rows = [(one.finding, one.outcome.value, _remark(one)) for one in here]
        title = f"{answer.status} {tokens.without_secrets(answer.url)} ({', '.join(sorted(answer.kinds))})"
        console.print(_table(title, rows) if rows else Text(f"{title}: nothing to say"))
    if coming:
        names = list(DEFAULT_TIERS)
        following = names[names.index(tier or "") + 1]
        rows = [(one.finding, "would fail", "") for one in coming]
        console.print(_table(f"Forecast: still missing for the tier {following}", rows))


def _remark(one: Judgement) -> str:
    if one.waiver is None:
        return ""
    word = "waived until" if one.outcome is Outcome.WAIVED else "the waiver ended on"
    return f" [{word} {one.waiver.until}: {one.waiver.why}]"


def _table(title: str, rows: Sequence[tuple[HeaderFinding, str, str]]) -> Table:
    """One table. All that a server chose goes in as `Text`, which is no markup."""
    table = Table(title=Text(title), title_justify="left", expand=True, show_lines=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Header and finding", ratio=3, overflow="fold")
    table.add_column("What it means, and what to do", ratio=5, overflow="fold")
    for finding, mark, remark in rows:
        about = f"{finding.header}\n{finding.id}" + (f"\n{finding.value}" if finding.value else "")
        table.add_row(
            Text(f"{finding.severity}\n{mark}".strip(), style=_COLOURS[finding.severity]),
            Text(_printable(about)),
            Text(_printable(f"{finding.message}{remark}\n→ {finding.remedy}")),
        )
    return table


def _printable(text: str) -> str:
    """Replace control characters: a server's must not reach the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
