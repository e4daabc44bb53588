"""Hosts that more than one party controls. Who allows such a host allows strangers.

Three kinds: public suffixes (`*.app`: anybody can register a name below); multi-tenant hosts (`*.vercel.app`: anybody
can rent one; the private section of the Public Suffix List, https://publicsuffix.org, and a few that it does not
have); and hosts whose scripts undo a policy: JSONP endpoints that call what they are told to, AngularJS, whole
package registries (Weichselbaum et al., "CSP Is Dead, Long Live CSP!", CCS 2016). The list is this project's own and
short; it claims nothing about hosts that are not on it.
"""

from enum import StrEnum
from functools import cache

from publicsuffixlist import PublicSuffixList

from postflight.checks.csp.sources import Host


class Tenancy(StrEnum):
    """Who may stand behind a host expression."""

    REGISTRABLE = "public-suffix-wildcard"  # whoever registers a domain
    SHARED = "multi-tenant-host"  # whoever rents a name or a path


SHARED_HOSTS = frozenset(
    """
    amazonaws.com appspot.com blob.core.windows.net digitaloceanspaces.com firebaseapp.com firebaseio.com
    gist.githubusercontent.com googleusercontent.com raw.githubusercontent.com s3.amazonaws.com sharepoint.com
    storage.googleapis.com zendesk.com
    """.split()  # noqa: SIM905 - a list to read
)
"""Hosts where strangers get a name or a path and which the Public Suffix List does not (or not always) list."""

_REGISTRY = "serves every package that anybody publishes"
_ANGULAR = "serves AngularJS, whose templates run expressions without 'unsafe-eval' or inline script"
_JSONP = "has JSONP endpoints, which run the function that the address names"

_SERVED = {
    _REGISTRY: "cdn.jsdelivr.net cdn.skypack.dev cdn.statically.io esm.run esm.sh jspm.dev unpkg.com",
    _ANGULAR: """
        ajax.aspnetcdn.com ajax.googleapis.com cdn.bootcdn.net cdn.staticfile.org cdnjs.cloudflare.com
        code.angularjs.org lib.baomitu.com www.gstatic.com yandex.st yastatic.net
    """,
    _JSONP: """
        accounts.google.com api-maps.yandex.ru api.bing.com api.flickr.com api.github.com api.instagram.com
        api.mixpanel.com api.twitter.com api.vimeo.com api.vk.com cdn.syndication.twimg.com clients1.google.com
        connect.mail.ru cse.google.com disqus.com googleads.g.doubleclick.net graph.facebook.com ib.adnxs.com
        itunes.apple.com maps.google.com maps.googleapis.com public-api.wordpress.com query.yahooapis.com
        search.twitter.com suggest.yandex.ru suggestqueries.google.com translate.google.com translate.googleapis.com
        translate.yandex.net vimeo.com vk.com www.bing.com www.blogger.com www.google.com www.googleadservices.com
        www.googleapis.com www.youtube.com
    """,
}
BYPASSES = {host: why for why, names in _SERVED.items() for host in names.split()}
"""Host -> why allowing scripts from it undoes a policy."""

BYPASSES_WITH_EVAL = dict.fromkeys(
    ("google-analytics.com", "ssl.google-analytics.com", "www.google-analytics.com", "www.googletagmanager.com"),
    "runs what its customer's container says, given 'unsafe-eval'",
)
"""The same, where `'unsafe-eval'` is allowed too."""


def tenancy(source: Host) -> Tenancy | None:
    """Return who else may stand behind this expression, or None: one owner, as far as anybody can tell from outside."""
    if not source.host:
        return None  # `*` and its kin: not shared but open; other findings say so
    host = source.host.removesuffix(".")
    if source.wildcard and host == _suffix(host, icann_only=True):
        return Tenancy.REGISTRABLE
    if source.wildcard and (host == _suffix(host, icann_only=False) or host in SHARED_HOSTS):
        return Tenancy.SHARED
    if host in SHARED_HOSTS and source.path in ("", "/"):
        return Tenancy.SHARED
    return None


def bypass(source: Host, *, with_eval: bool) -> tuple[str, str] | None:
    """Return a host that this expression allows and why its scripts undo the policy, or None."""
    known = BYPASSES | BYPASSES_WITH_EVAL if with_eval else BYPASSES
    if source.wildcard:
        found = next((host for host in known if source.host and host.endswith(f".{source.host}")), None)
    else:
        found = source.host if source.host in known else None
    # a path to one file is no host; a folder still may hold anything
    if found is None or (source.path and not source.path.endswith("/")):
        return None
    return found, known[found]


def _suffix(host: str, *, icann_only: bool) -> str | None:
    suffix = _suffixes(icann_only=icann_only).publicsuffix(host)
    return suffix if isinstance(suffix, str) else None


@cache
def _suffixes(*, icann_only: bool) -> PublicSuffixList:
    # accept_unknown: a top level that nobody runs (`*.internal`) is a company's own, not a registry's
    return PublicSuffixList(only_icann=icann_only, accept_unknown=False)
