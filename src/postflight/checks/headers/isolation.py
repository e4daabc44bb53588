"""Cross-origin isolation: COOP, COEP, CORP and Origin-Agent-Cluster.

HTML Standard 7.1.3 and 7.1.4: COOP and COEP are structured items, and obeyed only on secure origins. Fetch 3.7: CORP
is compared byte for byte, all lines combined. A value that browsers do not know means their default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from postflight.checks.headers.answer import HttpAnswer
from postflight.checks.headers.finding import HeaderFinding, Severity
from postflight.checks.headers.reporting import endpoints
from postflight.checks.headers.structured import Broken, Item, parse_item

COOP = "Cross-Origin-Opener-Policy"
COEP = "Cross-Origin-Embedder-Policy"
CORP = "Cross-Origin-Resource-Policy"
CLUSTER = "Origin-Agent-Cluster"


@dataclass(frozen=True, slots=True)
class _Header:
    """What browsers know of one of these headers. `protects` are the values that are more than the default."""

    short: str
    default: str
    protects: tuple[str, ...]


HEADERS: Mapping[str, _Header] = {
    COOP: _Header("coop", "unsafe-none", ("same-origin", "same-origin-allow-popups", "noopener-allow-popups")),
    COEP: _Header("coep", "unsafe-none", ("require-corp", "credentialless")),
    CORP: _Header("corp", "cross-origin", ("same-origin", "same-site")),
}


def effective(answer: HttpAnswer, name: str) -> str:
    """Return the value of COOP, COEP or CORP that a browser obeys; its default if the header is absent or broken."""
    header = HEADERS[name]
    value = answer.combined(name) if name == CORP else _token(answer, name)
    return value if value in header.protects and (name == CORP or answer.trustworthy) else header.default


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with the four headers, as far as they were sent."""
    for name, header in HEADERS.items():
        raw = answer.combined(name)
        if raw is not None:
            yield from _find_one(answer, name, header, raw)
    for name in (COOP, COEP):
        yield from _find_endpoint(answer, name)
    if isinstance(cluster := parse_item(answer, CLUSTER), Broken) or (cluster and not isinstance(cluster.value, bool)):
        yield HeaderFinding(
            "origin-agent-cluster-invalid",
            Severity.LOW,
            CLUSTER,
            answer.combined(CLUSTER) or "",
            "Browsers ignore it: it is no structured boolean.",
            "Send `Origin-Agent-Cluster: ?1`.",
        )


def _find_one(answer: HttpAnswer, name: str, header: _Header, raw: str) -> Iterator[HeaderFinding]:
    fix = f"Send `{name}: {header.protects[0]}`, once."
    value = raw if name == CORP else _token(answer, name)
    if value not in (*header.protects, header.default):
        yield HeaderFinding(
            f"{header.short}-invalid", Severity.MEDIUM, name, raw, f"Browsers ignore it and use {header.default}.", fix
        )
    elif value == header.default:
        yield HeaderFinding(
            f"{header.short}-off", Severity.INFO, name, raw, "This is what browsers do without the header.", fix
        )
    elif effective(answer, name) != value:
        yield HeaderFinding(
            f"{header.short}-over-http",
            Severity.INFO,
            name,
            raw,
            "Browsers obey it on secure origins only.",
            "Use HTTPS.",
        )


def _find_endpoint(answer: HttpAnswer, name: str) -> Iterator[HeaderFinding]:
    item = parse_item(answer, name)
    wanted = item.parameters.get("report-to") if isinstance(item, Item) else None
    if isinstance(wanted, str) and wanted not in endpoints(answer):
        yield HeaderFinding(
            f"{HEADERS[name].short}-unknown-endpoint",
            Severity.LOW,
            name,
            answer.combined(name) or "",
            f"Nobody receives its reports: Reporting-Endpoints declares no {wanted!r}.",
            f'Send `Reporting-Endpoints: {wanted}="https://…"`, or leave report-to out.',
        )


def _token(answer: HttpAnswer, name: str) -> str | None:
    item = parse_item(answer, name)
    return item.keyword if isinstance(item, Item) else None
