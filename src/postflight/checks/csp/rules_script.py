"""Ways to run script in spite of a policy.

After Google's CSP Evaluator (github.com/google/csp-evaluator, checks/security_checks.ts and strictcsp_checks.ts),
MDN's HTTP Observatory (github.com/mdn/mdn-http-observatory, src/analyzer/tests/csp.js) and CSP3 chapters 7 and 8.
"""

import re
from collections.abc import Iterator

from postflight.checks.csp import hosts
from postflight.checks.csp.finding import CspFinding, Severity, Subject, Weakness, Witness
from postflight.checks.csp.inline import Inline, allows_all_inline
from postflight.checks.csp.policy import Directive, operative_directive
from postflight.checks.csp.sources import Host, Keyword, Nonce, Scheme, SourceList, parse_source_list
from postflight.checks.csp.witness import any_of, compiles, loads, runs, sample_url

_STRICT = "use a fresh nonce per response (or hashes) with 'strict-dynamic'"
_INJECTABLE = ("script-src-elem", "object-src", "base-uri")
"""Where a foreign address means foreign script."""
_PLACEHOLDER = re.compile(
    r"[%${}<>\[\]@]|(?:^|[^a-z])(?:csp_?)?nonce|r[a4]nd[o0]m|^undefined$|^null$|changeme|placeholder", re.IGNORECASE
)
_SHORTEST_NONCE = 22  # 128 bits in base64: CSP3 7.1


def inline_script(subject: Subject) -> Iterator[Weakness]:
    """`'unsafe-inline'`, where nothing switches it off."""
    seen: set[str] = set()
    for kind in (Inline.SCRIPT, Inline.HANDLER):
        directive = operative_directive(subject.policy, kind.directive)
        if directive is None or directive.name in seen or not allows_all_inline(directive, kind):
            continue
        seen.add(directive.name)
        both = runs(Inline.SCRIPT), runs(Inline.HANDLER), runs(Inline.NAVIGATION)
        yield Weakness(
            CspFinding(
                "script-unsafe-inline",
                Severity.HIGH,
                directive.name,
                "'unsafe-inline'",
                "'unsafe-inline' runs every script that an attacker gets into the page, event handlers included",
                f"remove 'unsafe-inline'; {_STRICT}",
            ),
            any_of(*both) if kind is Inline.SCRIPT else runs(Inline.HANDLER),
        )


def missing_script_src(subject: Subject) -> Iterator[Weakness]:
    """No list at all for scripts, or for one way to run them: the hole beside `-elem` and `-attr`."""
    ways = {
        "script elements": ("script-src-elem", runs(Inline.SCRIPT)),
        "event handlers": ("script-src-attr", runs(Inline.HANDLER)),
        "eval and workers": ("script-src", compiles()),
    }
    witnesses: dict[str, Witness] = {
        name: witness
        for name, (directive, witness) in ways.items()
        if operative_directive(subject.policy, directive) is None
    }
    if witnesses:
        everything = len(witnesses) == len(ways)
        yield Weakness(
            CspFinding(
                "missing-script-src" if everything else "script-src-hole",
                Severity.HIGH,
                "script-src",
                "",
                f"Without script-src or default-src, nothing restricts {', '.join(witnesses)}",
                "add script-src; the -elem and -attr directives only refine it",
            ),
            any_of(*witnesses.values()),
        )


def foreign_addresses(subject: Subject) -> Iterator[Weakness]:
    """Schemes and wildcards that let script come from anywhere."""
    for name in _INJECTABLE:
        directive = operative_directive(subject.policy, name)
        for text, source in parse_source_list(directive.values).entries if directive else ():
            found = None
            if isinstance(source, Scheme) and source.name in ("data", "http", "https", "blob", "filesystem"):
                found = "plain-scheme", "every address of this scheme"
            elif source is Keyword.ANY or (isinstance(source, Host) and source.any_host):
                found = "wildcard", "every host"
            url = sample_url(source, subject.self_origin)
            if (
                found is None
                or directive is None
                or url is None
                or (name == "base-uri" and url.startswith(("data:", "blob:")))
            ):
                continue  # browsers refuse data: and blob: as a base anyway
            hard = isinstance(source, Scheme) and source.name in ("blob", "filesystem")  # needs script to make one
            yield Weakness(
                CspFinding(
                    found[0],
                    Severity.MEDIUM if hard else Severity.HIGH,
                    directive.name,
                    text,
                    f"{text} allows {found[1]} where script can come from ({name})",
                    f"name the few hosts that are needed, or {_STRICT}"
                    if name == "script-src-elem"
                    else f"set {name} 'none'",
                ),
                loads(name, url, subject.self_origin),
            )


def script_hosts(subject: Subject) -> Iterator[Weakness]:
    """Hosts in the list for scripts: strangers' ones, ones known to undo policies, and the rest."""
    directive = operative_directive(subject.policy, "script-src-elem")
    sources = parse_source_list(directive.values) if directive else SourceList(())
    for text, source in sources.entries:
        if directive is None or not (source is Keyword.SELF or (isinstance(source, Host) and not source.any_host)):
            continue
        url = sample_url(source, subject.self_origin) or ""
        yield Weakness(
            _script_host(text, source, directive, with_eval=sources.has(Keyword.UNSAFE_EVAL)),
            loads("script-src-elem", url, subject.self_origin),
        )


def _script_host(text: str, source: Keyword | Host, directive: Directive, *, with_eval: bool) -> CspFinding:
    if not isinstance(source, Host):
        message = "'self' runs any file of this origin: uploads, JSONP endpoints and old libraries too"
        return CspFinding("script-self", Severity.LOW, directive.name, text, message, _STRICT)
    tenancy = hosts.tenancy(source)
    if tenancy is not None:
        return tenant_finding(tenancy, Severity.HIGH, directive.name, text, "have scripts run in this page")
    known = hosts.bypass(source, with_eval=with_eval)
    if known is not None:
        message = f"{known[0]} {known[1]}"
        return CspFinding("script-known-bypass", Severity.HIGH, directive.name, text, message, f"remove it; {_STRICT}")
    message = f"Everything that {text} serves may run here; one JSONP endpoint or old library undoes the policy"
    return CspFinding("script-host-allowlist", Severity.LOW, directive.name, text, message, _STRICT)


def tenant_finding(tenancy: hosts.Tenancy, severity: Severity, directive: str, text: str, harm: str) -> CspFinding:
    """Return the finding about a host that strangers can stand behind."""
    who = "registers a name" if tenancy is hosts.Tenancy.REGISTRABLE else "rents a place"
    remedy = "name the exact host that is yours, for example my-project." + text.rpartition("*.")[2]
    return CspFinding(tenancy.value, severity, directive, text, f"Whoever {who} at {text} may {harm}", remedy)


def compilation(subject: Subject) -> Iterator[Weakness]:
    """`'unsafe-eval'`, `'unsafe-hashes'`, `'wasm-unsafe-eval'`."""
    directive = operative_directive(subject.policy, "script-src")
    if directive is not None and parse_source_list(directive.values).has(Keyword.UNSAFE_EVAL):
        yield Weakness(
            CspFinding(
                "script-unsafe-eval",
                Severity.MEDIUM,
                directive.name,
                "'unsafe-eval'",
                "'unsafe-eval' turns text that reaches eval() and its kin into script",
                "remove eval from the code, then 'unsafe-eval'; WebAssembly needs only 'wasm-unsafe-eval'",
            ),
            compiles(),
        )
    for name in ("script-src-attr", "script-src-elem"):
        directive = operative_directive(subject.policy, name)
        if directive is not None and parse_source_list(directive.values).has(Keyword.UNSAFE_HASHES):
            message = "'unsafe-hashes' lets an attacker use the listed handlers on elements of his own"
            remedy = "attach handlers by script (addEventListener) and remove 'unsafe-hashes'"
            yield Weakness(
                CspFinding("script-unsafe-hashes", Severity.LOW, directive.name, "'unsafe-hashes'", message, remedy)
            )
            return


def strictness(subject: Subject) -> Iterator[Weakness]:
    """Say what is missing on the way to a strict policy (https://web.dev/articles/strict-csp)."""
    directive = operative_directive(subject.policy, "script-src-elem")
    if directive is None:
        return
    sources = parse_source_list(directive.values)
    trusted = bool(sources.nonces or sources.hashes)
    dynamic = sources.has(Keyword.STRICT_DYNAMIC)
    lists_hosts = any(isinstance(source, Scheme | Host) or source is Keyword.ANY for _, source in sources.entries)

    def note(identity: str, severity: Severity, value: str, message: str, remedy: str) -> Weakness:
        return Weakness(CspFinding(identity, severity, directive.name, value, message, remedy))

    if lists_hosts and not dynamic:
        message = "Lists of hosts can often be bypassed: 94 % of them in the study by Weichselbaum et al."
        yield note("strict-dynamic-missing", Severity.LOW, "", message, _STRICT)
    if dynamic and not trusted:
        message = "'strict-dynamic' without a nonce or a hash blocks every script that stands in the markup"
        yield note("strict-dynamic-alone", Severity.MEDIUM, "'strict-dynamic'", message, "add a nonce or hashes")
    if trusted and not sources.has(Keyword.UNSAFE_INLINE):
        message = "Browsers that know no nonces or hashes (before 2016) run nothing; others ignore 'unsafe-inline' here"
        yield note("fallback-unsafe-inline", Severity.INFO, "", message, "add 'unsafe-inline', if such browsers matter")
    if dynamic and not lists_hosts:
        message = "Browsers without 'strict-dynamic' (before 2022) run no scripts that other scripts load"
        yield note("fallback-allowlist", Severity.INFO, "", message, "add https: and http:, if such browsers matter")


def nonces(subject: Subject) -> Iterator[Weakness]:
    """Nonces that can be guessed: placeholders that nobody filled in, and short ones."""
    for directive in subject.policy.directives:
        for text, source in parse_source_list(directive.values).entries:
            inner = text[len("'nonce-") : -1] if text.lower().startswith("'nonce-") and text.endswith("'") else ""
            if not inner:
                continue
            if _PLACEHOLDER.search(inner):
                effect = (
                    ""
                    if isinstance(source, Nonce)
                    else "; it is no base64, so browsers ignore it and 'unsafe-inline' counts again"
                )
                message = f"{text} looks like a placeholder that was not filled in: everybody knows this nonce{effect}"
                remedy = "let the server put 128 random bits there, anew for every response"
                yield Weakness(CspFinding("nonce-placeholder", Severity.HIGH, directive.name, text, message, remedy))
            elif isinstance(source, Nonce) and len(source.value.rstrip("=")) < _SHORTEST_NONCE:
                severity = Severity.MEDIUM if len(source.value) < 8 else Severity.LOW
                message = f"A nonce of {len(source.value)} characters can hold less than 128 bits"
                remedy = "use at least 128 random bits: 22 characters of base64"
                yield Weakness(CspFinding("nonce-short", severity, directive.name, text, message, remedy))


def trusted_types(subject: Subject) -> Iterator[Weakness]:
    """`require-trusted-types-for`, absent or misspelt."""
    directive = subject.policy.get("require-trusted-types-for")
    if directive is None or "'script'" not in directive.values:
        yield Weakness(
            CspFinding(
                "trusted-types-missing",
                Severity.INFO if directive is None else Severity.MEDIUM,
                "require-trusted-types-for",
                " ".join(directive.values) if directive else "",
                "Text may still reach the DOM's script sinks (innerHTML, script.src ...)",
                "add require-trusted-types-for 'script', first as report-only",
            )
        )


RULES = (
    inline_script,
    missing_script_src,
    foreign_addresses,
    script_hosts,
    compilation,
    strictness,
    nonces,
    trusted_types,
)
