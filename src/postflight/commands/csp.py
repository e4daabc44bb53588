"""`postflight csp`: what a Content Security Policy really allows, for a person at a prompt.

Exit codes: 0 judged (with `--allows`: allowed); 10 blocked, or a finding at least as severe as `--fail-on`; 30
nothing could be judged. 2 is click's, for a wrong command line. A verdict never has 1 to 5.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import anyio
import click
import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postflight.checks.csp import (
    CspFinding,
    InvalidUrl,
    Policy,
    Request,
    Ruling,
    Severity,
    declared_endpoints,
    effective_policy,
    evaluate,
    parse_headers,
    parse_meta,
    parse_policies,
    rule,
)
from postflight.errors import CannotMeasure, ConfigError
from postflight.model import ExitCode

MAX_BODY = 1_000_000  # bytes: a <meta> policy stands in the head
MAX_INPUT = 1_000_000  # characters from standard input
_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}
_HEADER_LINE = re.compile(
    r"^(content-security-policy(?:-report-only)?|reporting-endpoints|report-to)\s*:\s*(.*)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Source:
    """What is judged: the policies, the page's origin and declared report endpoints where they are known."""

    policies: tuple[Policy, ...]
    self_origin: str | None = None
    endpoints: frozenset[str] | None = None


@click.command()
@click.argument("subject")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--allows", nargs=2, metavar="DIRECTIVE URL", help="Say whether this URL may be used for this directive.")
@click.option("--self", "self_origin", metavar="ORIGIN", help="The page's own origin; for a URL it is known.")
@click.option("--effective", is_flag=True, help="Also print what is in force after fall-backs.")
@click.option(
    "--fail-on",
    type=click.Choice([*map(str, Severity), "never"]),
    default="never",
    help="Exit 10 from this severity on.",
)
@click.option("--deadline", type=click.FloatRange(0.1, 300), default=10.0, help="Seconds for fetching a URL.")
@click.pass_context
def csp(
    ctx: click.Context,
    subject: str,
    *,
    as_json: bool,
    allows: tuple[str, str] | None,
    self_origin: str | None,
    effective: bool,
    fail_on: str,
    deadline: float,
) -> None:
    """Judge the policies of SUBJECT: a policy, the URL of a page, or - for standard input.

    Standard input may hold a policy or the header lines of an answer (`curl -sI URL | postflight csp -`).
    """
    try:
        source = _read(subject, deadline)
        origin = self_origin or source.self_origin
        if allows is not None:
            ctx.exit(_decide(source, allows, origin, as_json=as_json))
        findings = evaluate(
            source.policies, endpoints=source.endpoints, **({} if origin is None else {"self_origin": origin})
        )
    except CannotMeasure as error:
        click.echo(f"Nothing could be judged: {error}", err=True)
        ctx.exit(ExitCode.INVALID)
    except InvalidUrl as error:
        click.echo(f"Nothing could be judged: {error}", err=True)
        ctx.exit(ExitCode.INVALID)
    if as_json:
        click.echo(json.dumps(_document(source.policies, findings, effective=effective), indent=2))
    else:
        _print(source.policies, findings, effective=effective)
    severe = fail_on != "never" and any(finding.severity.rank <= Severity(fail_on).rank for finding in findings)
    ctx.exit(ExitCode.HOLD if severe else ExitCode.PROMOTE)


def _read(subject: str, deadline: float) -> Source:
    if subject == "-":
        return _from_text(sys.stdin.read(MAX_INPUT))
    if re.match(r"https?://", subject, re.IGNORECASE):
        return anyio.run(_fetch, subject, deadline)
    return Source(parse_policies(subject))


def _from_text(text: str) -> Source:
    headers = [(match[1], match[2]) for line in text.splitlines() if (match := _HEADER_LINE.match(line.strip()))]
    if headers:
        return Source(parse_headers(headers), endpoints=declared_endpoints(headers))
    if text.startswith("HTTP/"):  # an answer without a policy, which is worth saying
        return Source(())
    return Source(parse_policies(text))


async def _fetch(url: str, deadline: float) -> Source:
    """Read a page's header lines and the start of its markup within `deadline` seconds, or raise `CannotMeasure`."""
    try:
        with anyio.fail_after(deadline):
            async with (
                httpx.AsyncClient(follow_redirects=True, max_redirects=5, timeout=deadline) as client,
                client.stream("GET", url, headers={"Accept": "text/html,*/*;q=0.8"}) as response,
            ):
                body = await _start_of(response)
    except TimeoutError as error:
        raise CannotMeasure(f"{url} did not answer within {deadline:g} s; --deadline gives it longer") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CannotMeasure(f"{url} could not be fetched: {error or type(error).__name__}") from error
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
    markup = body.decode("utf-8", "replace") if "html" in response.headers.get("content-type", "").lower() else ""
    final = urlsplit(str(response.url))
    return Source(
        policies=parse_headers(headers) + parse_meta(markup),
        self_origin=f"{final.scheme}://{final.netloc.rpartition('@')[2]}",
        endpoints=declared_endpoints(headers),
    )


async def _start_of(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= MAX_BODY:
            break
    return bytes(body[:MAX_BODY])


def _decide(source: Source, asked: tuple[str, str], self_origin: str | None, *, as_json: bool) -> ExitCode:
    directive, url = asked
    if self_origin is None:
        raise ConfigError("--allows needs --self ORIGIN: 'self' and hosts without a scheme depend on it")
    try:
        rulings = rule(source.policies, Request(directive, url, self_origin))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    allowed = all(ruling.allowed for ruling in rulings if ruling.policy.enforced)
    if as_json:
        document = {"allowed": allowed, "directive": directive, "url": url, "self": self_origin}
        click.echo(json.dumps(document | {"rulings": [_ruling(ruling) for ruling in rulings]}, indent=2))
    else:
        click.echo(f"{'allowed' if allowed else 'blocked'}: {directive} {url} on {self_origin}")
        for ruling in rulings:
            click.echo(f"  {_in_words(ruling)}")
    return ExitCode.PROMOTE if allowed else ExitCode.HOLD


def _ruling(ruling: Ruling) -> dict[str, object]:
    return {
        "policy": str(ruling.policy),
        "disposition": ruling.policy.disposition.value,
        "allowed": ruling.allowed,
        "directive": ruling.directive,
        "source": ruling.source,
    }


def _in_words(ruling: Ruling) -> str:
    if ruling.directive is None:
        why = "nothing restricts it"
    elif ruling.allowed:
        why = f"{ruling.directive} allows it" + (f" by {ruling.source}" if ruling.source else "")
    else:
        why = f"{ruling.directive} has no source for it"
    return f"{why} ({'enforced' if ruling.policy.enforced else 'report-only'}: {ruling.policy})"


def _document(policies: Sequence[Policy], findings: Sequence[CspFinding], *, effective: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "findings": [asdict(finding) for finding in findings],
        "policies": [
            {
                "policy": str(policy),
                "disposition": policy.disposition.value,
                "delivery": policy.delivery.value,
                "directives": {directive.name: list(directive.values) for directive in policy.directives},
            }
            for policy in policies
        ],
    }
    if effective:
        document["effective"] = {
            found.name: [list(values) for values in found.lists] for found in effective_policy(policies)
        }
    return document


def _print(policies: Sequence[Policy], findings: Sequence[CspFinding], *, effective: bool) -> None:
    console = Console()
    for policy in policies:
        console.print(Text(f"{policy.disposition.value} ({policy.delivery.value}): {policy}", style="bold"))
    if effective:
        table = Table("directive", "in force")
        for found in effective_policy(policies):
            table.add_row(found.name, Text(str(found)))
        console.print(table)
    table = Table("severity", "finding", "why, and what to do", show_lines=True)
    for finding in findings:
        where = Text.assemble(
            (finding.id, "bold"), "\n", f"{finding.directive} {finding.value}".strip(), overflow="fold"
        )
        why = Text.assemble(finding.message, ("\n" + finding.remedy, "italic"), overflow="fold")
        table.add_row(Text(finding.severity.value, style=_STYLES[finding.severity]), where, why)
    console.print(table if findings else Text("no findings", style="green"))
