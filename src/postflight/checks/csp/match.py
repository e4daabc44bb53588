"""Would a browser load this? Source lists against URLs: CSP3 6.7.2 "URL Matching" and 6.7.1 "Script directive checks".

Where Chromium differs from the text, this does what Chromium does; the differential test holds it to that:

- Addresses match as hosts do (the text: none but 127.0.0.1, in earlier drafts).
- A scheme is only upgraded together with its port: `http://a:8080` does not match `https://a:8080` (the text: it does).
- `ws:` does not match `http:`, nor `wss:` `https:` (the text: it does).
- Paths are compared after decoding as a whole, so that `%2F` is a slash (the text decodes piece by piece).
- `'strict-dynamic'` allows every worker (the text treats a worker as a script that the parser inserted).
- Plug-ins and frames may always be `about:` documents, which inherit the policy.
- In frames, forms and ancestors an upgrade also needs the port to be left out, or to be 80: neither `a:443` on a plain
  page nor `'self'` at a port of its own matches HTTPS (the text: both do).
- A plug-in's document is checked against `frame-src` as well; ask for both (the text: `object-src` only).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from postflight.checks.csp.policy import FETCH_FALLBACKS, URL_DIRECTIVES, Policy, operative_directive
from postflight.checks.csp.sources import (
    Host,
    Keyword,
    Scheme,
    Source,
    SourceList,
    decode_path,
    parse_hash,
    parse_source_list,
)
from postflight.checks.csp.urls import DEFAULT_PORTS, Url, parse_origin, parse_url, upgraded

REQUEST_DIRECTIVES = {"script-src": "script-src-elem", "style-src": "style-src-elem"}
"""What a request for a script or a style sheet is really checked against."""

NAVIGATIONS = ("form-action", "frame-ancestors", "frame-src", "fenced-frame-src")
"""What Chromium decides in its browser process, by a matcher that upgrades fewer ports than the renderer's."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a page asks for. `hashes` are a script's integrity metadata (`sha256-...`), all of which must be listed."""

    directive: str
    url: str
    self_origin: str
    nonce: str | None = None
    hashes: tuple[str, ...] = ()
    parser_inserted: bool = True
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one policy says. `directive` decided (None: nothing restricts this), by `source` when it allowed by one."""

    policy: Policy
    allowed: bool
    directive: str | None = None
    source: str | None = None


def allows(
    policies: Iterable[Policy],
    directive: str,
    url: str,
    self_origin: str,
    *,
    nonce: str | None = None,
    hashes: Iterable[str] = (),
    parser_inserted: bool = True,
    redirected: bool = False,
) -> bool:
    """Whether a page at `self_origin` under all these policies may use `url` for what `directive` governs.

    Every enforced policy must allow; report-only ones have no say. `script-src` and `style-src` stand for a request,
    which is `-elem`. `redirected`: paths are not compared after a redirect. Raises `InvalidUrl` for a URL or an origin
    that is none, and ValueError for a directive that has no source list.
    """
    request = Request(directive, url, self_origin, nonce, tuple(hashes), parser_inserted, redirected)
    return all(ruling.allowed for ruling in rule(policies, request) if ruling.policy.enforced)


def rule(policies: Iterable[Policy], request: Request) -> tuple[Ruling, ...]:
    """Return what each policy says, report-only ones included. Raises as `allows` does."""
    policies = tuple(policies)
    if request.directive not in FETCH_FALLBACKS and request.directive not in URL_DIRECTIVES:
        known = ", ".join(sorted((*FETCH_FALLBACKS, *URL_DIRECTIVES)))
        raise ValueError(f"{request.directive!r} is no directive with a source list. There are: {known}")
    url = parse_url(request.url)
    origin = parse_origin(request.self_origin)
    upgrades = any(policy.enforced and policy.get("upgrade-insecure-requests") for policy in policies)
    sees_upgrade = upgrades and request.directive not in ("base-uri", "frame-ancestors")
    return tuple(
        # report-only policies are asked before the upgrade, so that they show what would be upgraded
        _rule(policy, request, upgraded(url) if sees_upgrade and policy.enforced else url, origin)
        for policy in policies
    )


def _rule(policy: Policy, request: Request, url: Url, origin: Url) -> Ruling:
    name = REQUEST_DIRECTIVES.get(request.directive, request.directive)
    directive = operative_directive(policy, name)
    if directive is None:
        return Ruling(policy, allowed=True)
    sources = parse_source_list(directive.values)
    if url.scheme == "about" and name in ("object-src", "frame-src"):
        return Ruling(policy, allowed=True, directive=directive.name)
    source = _element_source(name, sources, request)
    if source is None and not (name == "script-src-elem" and sources.has(Keyword.STRICT_DYNAMIC)):
        situation = _Situation(origin, request.redirected, navigation=name in NAVIGATIONS)
        source = next((text for text, known in sources.entries if _matches(known, url, situation)), None)
    return Ruling(policy, source is not None, directive.name, source)


def _element_source(name: str, sources: SourceList, request: Request) -> str | None:
    """Return what allows the element whatever its URL is: a nonce, integrity metadata, `'strict-dynamic'`."""
    if name in ("script-src-elem", "style-src-elem") and (request.nonce or "").strip() in sources.nonces:
        return "'nonce-...'"
    trusts = sources.has(Keyword.STRICT_DYNAMIC)
    if trusts and (name == "worker-src" or (name == "script-src-elem" and not request.parser_inserted)):
        return Keyword.STRICT_DYNAMIC
    if name == "script-src-elem" and request.hashes:
        digests = {parse_hash(text) for text in request.hashes}
        if digests <= sources.hashes:
            return "'sha...'"
    return None


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a source is matched in: the page's origin, after a redirect or not, for a navigation or for a resource."""

    origin: Url
    redirected: bool
    navigation: bool


class _Fit(IntEnum):
    """How a scheme or a port fits. An upgrade of one must go with an upgrade of the other."""

    NO = 0
    UPGRADE = 1
    OPEN = 2  # nothing is asked for: fits both
    EXACT = 3


def _matches(source: Source, url: Url, situation: _Situation) -> bool:
    match source:
        case Keyword.ANY:
            own_scheme = bool(url.scheme) and url.scheme == situation.origin.scheme
            return url.scheme in ("http", "https", "ws", "wss") or own_scheme
        case Keyword.SELF:
            return _matches_self(url, situation)
        case Scheme(name):
            return _scheme_fit(name, url.scheme) is not _Fit.NO
        case Host():
            return _matches_host_source(source, url, situation)
        case _:
            return False


def _matches_self(url: Url, situation: _Situation) -> bool:
    origin = situation.origin
    if not origin.scheme or url.host != origin.host or not url.host:
        return False
    if url.scheme == origin.scheme:
        return url.port == origin.port
    if url.port is None:
        same_port = origin.port is None  # both at their scheme's own port, whatever its number is
    else:
        same_port = not situation.navigation and url.port == (origin.port or DEFAULT_PORTS.get(origin.scheme))
    return same_port and (url.scheme in ("https", "wss") or origin.scheme == "http")


def _matches_host_source(source: Host, url: Url, situation: _Situation) -> bool:
    wanted = source.scheme or situation.origin.scheme
    scheme = _scheme_fit(wanted, url.scheme)
    port = _port_fit(source, url, upgrade_443=wanted == "http" and not situation.navigation)
    if not wanted or _Fit.NO in (scheme, port):
        return False
    if scheme is _Fit.UPGRADE and port not in (_Fit.UPGRADE, _Fit.OPEN):
        return False
    if port is _Fit.UPGRADE and scheme is not _Fit.UPGRADE:
        return False
    return _host_fits(source, url.host) and (situation.redirected or _path_fits(source.path, url.path))


def _scheme_fit(wanted: str, seen: str) -> _Fit:
    if wanted == seen:
        return _Fit.EXACT
    return _Fit.UPGRADE if (wanted, seen) in (("http", "https"), ("ws", "wss")) else _Fit.NO


def _port_fit(source: Host, url: Url, *, upgrade_443: bool) -> _Fit:
    if source.any_port or (source.port is None and url.port is None):
        return _Fit.OPEN
    if source.port == url.port:
        return _Fit.EXACT
    secure = url.port is None and DEFAULT_PORTS.get(url.scheme) == 443
    if secure and (source.port == 80 or (source.port == 443 and upgrade_443)):
        return _Fit.UPGRADE
    if url.port is None and url.is_default_port(source.port):
        return _Fit.EXACT
    return _Fit.NO


def _host_fits(source: Host, host: str) -> bool:
    if source.wildcard:
        return not source.host or host.endswith(f".{source.host}")
    return source.host == host


def _path_fits(wanted: str, path: str) -> bool:
    if not wanted:
        return True
    seen = decode_path(path)
    return seen.startswith(wanted) if wanted.endswith("/") else seen == wanted
