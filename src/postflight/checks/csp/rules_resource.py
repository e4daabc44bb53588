"""What a policy leaves open besides script: plug-ins, base, forms, frames, styles, plain HTTP, ways out for data.

After CSP Evaluator and HTTP Observatory (see `rules_script`), and CSP3 8.6 "Exfiltration". A page can always carry
data out by navigating; what is reported here needs no navigation and shows nothing.
"""

import ipaddress
from collections.abc import Iterator

from postflight.checks.csp import hosts
from postflight.checks.csp.finding import CspFinding, Severity, Subject, Weakness
from postflight.checks.csp.inline import Inline, allows_all_inline
from postflight.checks.csp.policy import SOURCE_LIST_DIRECTIVES, Directive, operative_directive
from postflight.checks.csp.rules_script import tenant_finding
from postflight.checks.csp.sources import Host, Invalid, Keyword, Scheme, Source, parse_source_list
from postflight.checks.csp.witness import STRANGER, loads, runs, sample_url

CHANNELS = (
    "connect-src",
    "img-src",
    "media-src",
    "font-src",
    "style-src-elem",
    "frame-src",
    "form-action",
    "worker-src",
)
"""What can carry data out of a page by its address alone, or by a body."""
_PASSIVE = ("img-src", "media-src")


def plugins(subject: Subject) -> Iterator[Weakness]:
    """`object-src`: absent, or more than `'none'`."""
    directive = operative_directive(subject.policy, "object-src")
    if directive is None:
        message = "Without object-src or default-src, nothing restricts plug-ins and documents in <object> or <embed>"
        finding = CspFinding("missing-object-src", Severity.HIGH, "object-src", "", message, "set object-src 'none'")
        yield Weakness(finding, loads("object-src", f"https://{STRANGER}/", subject.self_origin))
    elif directive.name == "object-src" and not parse_source_list(directive.values).blocks_everything:
        message = "Nothing on the modern web needs plug-ins"
        value = " ".join(directive.values)
        yield Weakness(
            CspFinding("object-src-not-none", Severity.LOW, "object-src", value, message, "set object-src 'none'")
        )


def base(subject: Subject) -> Iterator[Weakness]:
    """`base-uri`, absent: worst where nonces or trusted hashes are the defence, for relative scripts then move."""
    if subject.policy.get("base-uri") is not None:
        return
    scripts = operative_directive(subject.policy, "script-src-elem")
    sources = parse_source_list(scripts.values) if scripts else parse_source_list(())
    decisive = bool(sources.nonces) or (bool(sources.hashes) and sources.has(Keyword.STRICT_DYNAMIC))
    yield Weakness(
        CspFinding(
            "missing-base-uri",
            Severity.HIGH if decisive else Severity.LOW,
            "base-uri",
            "",
            "An injected <base> sends the page's relative addresses, scripts with nonces included, to another host",
            "set base-uri 'none' (or 'self')",
        ),
        loads("base-uri", f"https://{STRANGER}/", subject.self_origin),
    )


def forms_and_ancestors(subject: Subject) -> Iterator[Weakness]:
    """`form-action` and `frame-ancestors`, which fall back to nothing."""
    harms = {
        "form-action": ("Forms, and what users type into them, may be sent to every host", "set form-action 'self'"),
        "frame-ancestors": ("Every site may frame this page (clickjacking)", "set frame-ancestors 'none' or 'self'"),
    }
    for name, (harm, remedy) in harms.items():
        directive = subject.policy.get(name)
        witness = loads(name, f"https://{STRANGER}/", subject.self_origin)
        if directive is None:
            yield Weakness(CspFinding(f"missing-{name}", Severity.MEDIUM, name, "", harm, remedy), witness)
            continue
        for text, source in parse_source_list(directive.values).entries:
            if _is_broad(source):
                yield Weakness(CspFinding(f"broad-{name}", Severity.MEDIUM, name, text, harm, remedy), witness)


def styles(subject: Subject) -> Iterator[Weakness]:
    """Injected styles: they can draw over the page and read attribute values out by selectors."""
    directive = operative_directive(subject.policy, "style-src-elem")
    remedy = "serve style sheets from 'self', or give inline styles nonces or hashes"
    if directive is None:
        return
    if allows_all_inline(directive, Inline.STYLE):
        message = "'unsafe-inline' applies every style that an attacker gets into the page"
        finding = CspFinding("style-unsafe-inline", Severity.LOW, directive.name, "'unsafe-inline'", message, remedy)
        yield Weakness(finding, runs(Inline.STYLE))
    for text, source in parse_source_list(directive.values).entries:
        url = sample_url(source, subject.self_origin)
        if url is not None and (_is_broad(source) or source == Scheme("data")):
            message = f"{text} allows style sheets from anywhere"
            finding = CspFinding("style-broad", Severity.LOW, directive.name, text, message, remedy)
            yield Weakness(finding, loads("style-src", url, subject.self_origin))


def exfiltration(subject: Subject) -> Iterator[Weakness]:
    """Where data can leave to hosts that anybody may own: broad sources, strangers' hosts, channels without a list."""
    unlisted: list[str] = []
    for name in CHANNELS:
        directive = operative_directive(subject.policy, name)
        if directive is None:
            unlisted.append(name)
            continue
        if directive.name == "script-src" or (directive.name == "default-src" and name != "connect-src"):
            continue  # said elsewhere, or once
        yield from _leaks(subject, name, directive)
    unlisted = [name for name in unlisted if name != "form-action"]  # has a finding of its own
    if unlisted:
        named = ", ".join("style-src" if name == "style-src-elem" else name for name in unlisted)
        yield Weakness(
            CspFinding(
                "exfiltration-unrestricted",
                Severity.MEDIUM,
                "default-src",
                "",
                f"Nothing restricts {named}: injected markup can send what it reads to any host",
                "set default-src 'self' (or 'none') and list what is needed",
            ),
            loads(unlisted[0], f"https://{STRANGER}/", subject.self_origin),
        )


def _leaks(subject: Subject, name: str, directive: Directive) -> Iterator[Weakness]:
    for text, source in parse_source_list(directive.values).entries:
        url = sample_url(source, subject.self_origin)
        if url is None:
            continue
        witness = loads(name, url, subject.self_origin)
        tenancy = hosts.tenancy(source) if isinstance(source, Host) else None
        if tenancy is not None:
            harm = "receive what this page, or whoever injects into it, sends there"
            yield Weakness(tenant_finding(tenancy, Severity.MEDIUM, directive.name, text, harm), witness)
        elif _is_broad(source) and name != "form-action":
            message = f"{text} lets data leave to any host through {name.removesuffix('-elem')}"
            remedy = "name the hosts that are needed"
            yield Weakness(CspFinding("exfiltration", Severity.MEDIUM, directive.name, text, message, remedy), witness)


def transport(subject: Subject) -> Iterator[Weakness]:
    """Plain HTTP on an HTTPS page, addresses, the developer's own machine."""
    for directive in subject.policy.directives:
        if directive.name == "report-uri":
            for value in directive.values:
                if value.lower().startswith("http://"):
                    message = "Reports travel unencrypted, and HTTPS pages do not send them at all"
                    remedy = "report to an https: address"
                    yield Weakness(CspFinding("insecure-source", Severity.MEDIUM, "report-uri", value, message, remedy))
        if directive.name not in SOURCE_LIST_DIRECTIVES:
            continue
        for text, source in parse_source_list(directive.values).entries:
            yield from _transport(subject, directive, text, source)


def _transport(subject: Subject, directive: Directive, text: str, source: Source) -> Iterator[Weakness]:
    scheme = source.name if isinstance(source, Scheme) else source.scheme if isinstance(source, Host) else ""
    host = source.host if isinstance(source, Host) else ""
    local = host == "localhost" or host.startswith("127.")
    if scheme in ("http", "ws", "ftp") and not local and subject.self_origin.startswith("https:"):
        severity = Severity.LOW if directive.name in _PASSIVE else Severity.MEDIUM
        message = f"{text} allows content that anybody on the way can change"
        yield Weakness(
            CspFinding("insecure-source", severity, directive.name, text, message, "write https: (or wss:) instead")
        )
    if local:
        message = f"{text} is the visitor's own machine: a leftover of development"
        yield Weakness(CspFinding("local-source", Severity.INFO, directive.name, text, message, "remove it"))
    elif _is_address(host) or (isinstance(source, Invalid) and "[" in text):
        message = f"{text} is an address: browsers disagree about matching those, and it says nothing about who owns it"
        yield Weakness(CspFinding("ip-source", Severity.INFO, directive.name, text, message, "name a host"))


def _is_broad(source: Source) -> bool:
    if isinstance(source, Scheme):
        return source.name in ("http", "https", "ws", "wss", "ftp")
    return source is Keyword.ANY or (isinstance(source, Host) and source.any_host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


RULES = (plugins, base, forms_and_ancestors, styles, exfiltration, transport)
