"""Would a browser run this? Inline scripts, handlers, styles, `javascript:`, `eval` and WebAssembly.

CSP3 6.7.3 "Element Matching Algorithms", 4.4 "Integration with ECMAScript", 4.5 "Integration with WebAssembly"; Trusted
Types 4.3 for `javascript:` and `eval`. Where Chromium differs from the text, this does what Chromium does:
`'strict-dynamic'` in `default-src` switches `'unsafe-inline'` off for styles too (the text: for scripts only).
"""

import base64
import hashlib
from collections.abc import Iterable
from enum import StrEnum

from postflight.checks.csp.policy import Directive, Policy, operative_directive
from postflight.checks.csp.sources import Hash, Keyword, SourceList, parse_source_list


class Inline(StrEnum):
    """What stands in the markup; the value is the directive that governs it."""

    SCRIPT = "script-src-elem"
    HANDLER = "script-src-attr"  # onclick="..."
    NAVIGATION = "javascript:"  # a javascript: URL; governed by script-src-elem
    STYLE = "style-src-elem"
    STYLE_ATTRIBUTE = "style-src-attr"  # style="..."

    @property
    def directive(self) -> str:
        """The directive that governs it."""
        return "script-src-elem" if self is Inline.NAVIGATION else self.value


def allows_inline(
    policies: Iterable[Policy],
    kind: Inline,
    text: str = "",
    *,
    nonce: str | None = None,
    parser_inserted: bool = True,
) -> bool:
    """Whether every enforced policy lets this run.

    `text` is what stands between the tags, in the attribute, or behind `javascript:` after percent-decoding. With
    `require-trusted-types-for 'script'`, `javascript:` URLs are taken as blocked: only a default policy of the page
    could let them pass.
    """
    return all(
        _allows_inline(policy, kind, text, nonce, parser_inserted=parser_inserted)
        for policy in policies
        if policy.enforced
    )


def allows_eval(policies: Iterable[Policy]) -> bool:
    """Whether `eval("...")` and its kin may compile a plain string."""
    policies = [policy for policy in policies if policy.enforced]
    if requires_trusted_types(policies) or any(map(runs_no_script, policies)):
        return False
    return all(_compiles(policy, Keyword.UNSAFE_EVAL) for policy in policies)


def allows_wasm(policies: Iterable[Policy]) -> bool:
    """Whether WebAssembly may be compiled."""
    return all(
        _compiles(policy, Keyword.UNSAFE_EVAL, Keyword.WASM_UNSAFE_EVAL) and not runs_no_script(policy)
        for policy in policies
        if policy.enforced
    )


def allows_all_inline(directive: Directive, kind: Inline) -> bool:
    """Whether `'unsafe-inline'` counts: it does not beside a nonce, a hash or, for scripts, `'strict-dynamic'`."""
    sources = parse_source_list(directive.values)
    about_script = kind.directive.startswith("script") or directive.name == "default-src"
    return (
        sources.has(Keyword.UNSAFE_INLINE)
        and not sources.nonces
        and not sources.hashes
        and not (about_script and sources.has(Keyword.STRICT_DYNAMIC))
    )


def runs_no_script(policy: Policy) -> bool:
    """Whether `sandbox` takes the page's scripts away altogether."""
    sandbox = policy.get("sandbox")
    return sandbox is not None and "allow-scripts" not in (value.lower() for value in sandbox.values)


def requires_trusted_types(policies: Iterable[Policy]) -> bool:
    """Whether an enforced policy refuses plain strings at the DOM's script sinks. The keyword's case counts."""
    directives = (policy.get("require-trusted-types-for") for policy in policies if policy.enforced)
    return any(directive is not None and "'script'" in directive.values for directive in directives)


def source_hash(text: str, algorithm: str = "sha256") -> str:
    """Return the hash expression for inline text: `'sha256-...'`."""
    digest = base64.b64encode(hashlib.new(algorithm, text.encode("utf-8", "replace")).digest()).decode()
    return f"'{algorithm}-{digest}'"


def _allows_inline(policy: Policy, kind: Inline, text: str, nonce: str | None, *, parser_inserted: bool) -> bool:
    if kind.directive.startswith("script") and runs_no_script(policy):
        return False
    if kind is Inline.NAVIGATION and requires_trusted_types([policy]):
        return False
    directive = operative_directive(policy, kind.directive)
    if directive is None or allows_all_inline(directive, kind):
        return True
    sources = parse_source_list(directive.values)
    is_element = kind in (Inline.SCRIPT, Inline.STYLE)
    if is_element and (nonce or "").strip() in sources.nonces:
        return True
    if kind is Inline.SCRIPT and not parser_inserted and sources.has(Keyword.STRICT_DYNAMIC):
        return True
    hashed = f"javascript:{text}" if kind is Inline.NAVIGATION else text
    return (is_element or sources.has(Keyword.UNSAFE_HASHES)) and _lists_hash_of(sources, hashed)


def _lists_hash_of(sources: SourceList, text: str) -> bool:
    data = text.encode("utf-8", "replace")
    return any(
        Hash(algorithm, hashlib.new(algorithm, data).digest()) in sources.hashes
        for algorithm in {source.algorithm for source in sources.hashes}
    )


def _compiles(policy: Policy, *keywords: Keyword) -> bool:
    directive = operative_directive(policy, "script-src")
    return directive is None or any(parse_source_list(directive.values).has(keyword) for keyword in keywords)
