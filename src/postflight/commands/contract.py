"""`postflight contract`: the contract of an API. `diff` says what a new OpenAPI document means for old clients."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postflight.checks import tokens
from postflight.checks.openapi.change import Change, Kind, worst
from postflight.checks.openapi.comparison import compare
from postflight.checks.openapi.document import Document
from postflight.checks.openapi.reading import LARGEST_JSON, read
from postflight.commands.contract_record import record
from postflight.errors import CannotMeasure, ConfigError, Unreachable
from postflight.probes.network import LOOPBACK

BREAKS, NOT_READ = 10, 30  # as `postflight gate` says hold and invalid; 1 to 5 are never a verdict
_COLOURS = {Kind.BREAKING: "bold red", Kind.MAYBE: "yellow", Kind.COMPATIBLE: "green"}
_MOST_OPERATIONS = 3  # that are named in a row of the table


@click.group("contract")
def contract() -> None:
    """Hold an API against what it promised."""


contract.add_command(record)


@contract.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--all", "show_all", is_flag=True, help="Show compatible changes, too.")
@click.option("--deadline", default=20.0, show_default=True, help="Seconds for each document that is fetched.")
def diff(old: str, new: str, *, as_json: bool, show_all: bool, deadline: float) -> None:
    """Say which changes between two OpenAPI documents break calls that were valid.

    OLD and NEW are files or URLs of OpenAPI 3.0 or 3.1, in JSON or YAML.

    Exit code 0: nothing breaks (some changes may). 10: something breaks. 30: a document cannot be read. 1 and 2 are
    a crash and wrong usage, never a verdict.
    """
    try:
        before, after = (_load(source, deadline) for source in (old, new))
        changes = compare(before, after, datetime.now(UTC).date())
    except (CannotMeasure, Unreachable) as error:
        click.echo(f"postflight contract diff: {error}", err=True)
        raise SystemExit(NOT_READ) from None
    if as_json:
        click.echo(json.dumps(_json(old, new, changes), indent=2, ensure_ascii=False))
    else:
        _show(Console(), changes, show_all=show_all)
    raise SystemExit(BREAKS if worst(changes) is Kind.BREAKING else 0)


def _load(source: str, deadline: float) -> Document:
    """Read a document from a file or URL. Raises `BadDocument`, `ConfigError` or `Unreachable`."""
    if "://" in source:
        return read(_fetch(source, deadline), tokens.without_secrets(source))
    try:
        with Path(source).open("rb") as stream:
            content = stream.read(LARGEST_JSON + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{source} cannot be read: {said}", where=source) from error
    _bound(content, source)
    return read(content, source)


def _fetch(url: str, deadline: float) -> bytes:
    """GET a document: within `deadline` seconds as a whole, bounded, and without following to another host."""
    shown = tokens.without_secrets(url)
    end = time.monotonic() + deadline
    content = bytearray()
    # Content codings are not asked for: they would have to be undone with a bound.
    headers = {"accept": "application/json, application/yaml, */*;q=0.5", "accept-encoding": "identity"}
    direct = {f"all://{host}": None for host in LOOPBACK}  # whatever the proxies of the environment say
    try:
        with (
            httpx.Client(timeout=deadline, headers=headers, mounts=direct) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise Unreachable(f"{shown}: expected 200 and a document, got {response.status_code}", where=shown)
            for chunk in response.iter_raw():
                content += chunk
                _bound(content, shown)
                if time.monotonic() > end:
                    raise Unreachable(f"{shown}: the document had not arrived after {deadline:g} s", where=shown)
    except httpx.InvalidURL as error:
        raise ConfigError(f"{shown} is no URL: {error}", where=shown) from error
    except httpx.UnsupportedProtocol as error:
        raise ConfigError(f"{shown}: expected http:// or https://", where=shown) from error
    except httpx.HTTPError as error:
        raise Unreachable(f"{shown} gave no answer: {error or type(error).__name__}", where=shown) from error
    return bytes(content)


def _bound(content: bytes | bytearray, name: str) -> None:
    if len(content) > LARGEST_JSON:
        raise ConfigError(f"{name} is larger than {LARGEST_JSON // 1024**2} MiB; leave parts out", where=name)


def _called(source: str) -> str:
    return tokens.without_secrets(source) if "://" in source else source


def _json(old: str, new: str, changes: Sequence[Change]) -> dict[str, object]:
    counts = Counter(change.kind for change in changes)
    return {
        "version": 1,
        "old": _called(old),
        "new": _called(new),
        "worst": worst(changes).value,
        "counts": {kind.value: counts[kind] for kind in Kind},
        "changes": [change.as_json() for change in changes],
    }


def _show(console: Console, changes: Sequence[Change], *, show_all: bool) -> None:
    counts = Counter(change.kind for change in changes)
    shown = [change for change in changes if show_all or change.kind is not Kind.COMPATIBLE]
    if shown:
        table = Table(show_lines=True, expand=True)
        table.add_column("", no_wrap=True, min_width=len(Kind.COMPATIBLE))
        for heading, ratio in (("Change", 5), ("Where", 4)):
            table.add_column(heading, ratio=ratio, overflow="fold")
        for change in shown:
            table.add_row(Text(change.kind.value, style=_COLOURS[change.kind]), _what(change), _where(change))
        console.print(table)
    said = ", ".join(f"{counts[kind]} {kind.value}" for kind in Kind)
    hint = "" if show_all or not counts[Kind.COMPATIBLE] else " (--all shows them)"
    console.print(Text(f"{said}{hint}"))


def _what(change: Change) -> Text:
    text = Text(change.message)
    text.append(f"\n{change.id}", style="dim")
    if change.example:
        text.append(f"\nfor example: {change.example}", style="cyan")
    if change.remedy:
        text.append(f"\n{change.remedy}", style="italic")
    return text


def _where(change: Change) -> Text:
    names = list(change.operations[:_MOST_OPERATIONS])
    if (more := len(change.operations) - len(names)) > 0:
        names.append(f"and {more} more")
    text = Text("\n".join(names))
    for name, pointer in (("old", change.place.old), ("new", change.place.new)):
        if pointer:
            text.append(f"\n{name} #{pointer}", style="dim")
    return text
