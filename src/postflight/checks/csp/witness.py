"""Things that an attacker would try, as functions of all policies: the proof that a finding is real, or is not."""

from collections.abc import Sequence
from urllib.parse import quote

from postflight.checks.csp.finding import Witness
from postflight.checks.csp.inline import Inline, allows_eval, allows_inline
from postflight.checks.csp.match import allows
from postflight.checks.csp.policy import Policy
from postflight.checks.csp.sources import Host, Keyword, Scheme, Source

STRANGER = "stranger.invalid"
"""A host that no policy names."""


def loads(directive: str, url: str, self_origin: str) -> Witness:
    """Return the witness that `url` may be used for `directive`."""
    return lambda policies: allows(policies, directive, url, self_origin)


def runs(kind: Inline) -> Witness:
    """Return the witness that injected inline code of this kind runs."""
    return lambda policies: allows_inline(policies, kind, "an injected text that no hash covers")


def compiles() -> Witness:
    """Return the witness that a string can be compiled."""
    return allows_eval


def any_of(*witnesses: Witness) -> Witness:
    """Return the witness that one of these gets through."""

    def some(policies: Sequence[Policy]) -> bool:
        return any(witness(policies) for witness in witnesses)

    return some


def sample_url(source: Source, self_origin: str) -> str | None:
    """Return a URL that this source allows, at a host as foreign as it can be; None for sources that are no URLs."""
    match source:
        case Keyword.ANY:
            return f"https://{STRANGER}/x"
        case Keyword.SELF:
            return f"{self_origin}/x"
        case Scheme("data"):
            return "data:text/javascript,x"
        case Scheme(("http" | "https" | "ws" | "wss") as scheme):
            return f"{scheme}://{STRANGER}/x"
        case Scheme(scheme):
            return f"{scheme}:x"
        case Host():
            return _sample_of_host(source, self_origin)
        case _:
            return None


def _sample_of_host(source: Host, self_origin: str) -> str:
    scheme = source.scheme or self_origin.partition(":")[0]
    host = f"stranger.{source.host}" if source.wildcard and source.host else source.host or STRANGER
    port = f":{source.port}" if source.port is not None else ""
    path = quote(source.path or "/")
    return f"{scheme}://{host}{port}{path}{'x' if path.endswith('/') and not path[1:] else ''}"
