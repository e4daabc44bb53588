"""What an answer tells an attacker for nothing: products, versions, machines behind the edge.

Names after the OWASP Secure Headers Project's list of headers to remove; a product's bare name (`Server: Vercel`) is no
finding, its version is. `X-Powered-By` is one even bare: only a default setting ever sends it.
"""

import ipaddress
import re
from collections.abc import Iterator

from postflight.checks.headers.answer import HttpAnswer, is_address, is_loopback
from postflight.checks.headers.finding import HeaderFinding, Severity

SOFTWARE = frozenset(
    {
        "powered-by", "product", "server", "x-aspnet-version", "x-aspnetmvc-version", "x-cf-powered-by", "x-cms",
        "x-cocoon-version", "x-framework", "x-generated-by", "x-generator", "x-jitsi-release", "x-joomla-version",
        "x-mod-pagespeed", "x-owa-version", "x-page-speed", "x-php-version", "x-powered-by", "x-powered-by-plesk",
        "x-powered-cms", "x-runtime-version", "x-server-powered-by", "x-turbo-charged-by", "x-umbraco-version",
    }
)  # fmt: skip
MACHINES = frozenset(
    {
        "host-header", "pega-host", "x-backend", "x-backend-server", "x-backside-transport", "x-beserver",
        "x-calculatedbetarget", "x-debug-token", "x-debug-token-link", "x-diaginfo", "x-envoy-external-address",
        "x-envoy-internal", "x-envoy-original-dst-host", "x-envoy-upstream-service-time", "x-feserver",
        "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid", "x-served-by-host", "x-sourcefiles",
        "x-varnish-backend", "x-varnish-server",
    }
)  # fmt: skip
SOURCES = frozenset({"sourcemap", "x-sourcemap"})
_ALWAYS = frozenset({"powered-by", "x-powered-by"})
_VERSION = re.compile(r"(?<![\w.])v?\d+(?:\.\d+)+|/\d+")
_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_MAY_HOLD_ADDRESSES = frozenset({"content-security-policy", "content-security-policy-report-only"})


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield headers that name software, machines, source maps, or private addresses."""
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.strip(), raw_value.strip()
        key = name.lower()
        if key in SOFTWARE and (key in _ALWAYS or _VERSION.search(value)):
            yield _say(
                "leak-software", Severity.LOW, name, value, "It names the software, for whoever looks up its faults."
            )
        elif key in MACHINES:
            yield _say("leak-machine", Severity.LOW, name, value, "It describes machines behind the edge.")
        elif key in SOURCES:
            yield _say(
                "leak-source-map", Severity.INFO, name, value, "It points to the source code, if that is served."
            )
        elif key not in _MAY_HOLD_ADDRESSES and not _is_internal(answer.host):
            yield from _find_address(name, value)


def _find_address(name: str, value: str) -> Iterator[HeaderFinding]:
    private = next((text for text in _ADDRESS.findall(value) if _is_private(text)), None)
    if private:
        yield _say("leak-private-address", Severity.LOW, name, private, "It tells an address of the private network.")


def _is_private(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # 0.0.0.0/8 and the like are "private" to ipaddress, but they are version numbers here
    return address.is_private and not address.is_loopback and str(address).split(".")[0] in {"10", "172", "192"}


def _is_internal(host: str) -> bool:
    return is_loopback(host) or (is_address(host) and ipaddress.ip_address(host).is_private)


def _say(code: str, severity: Severity, name: str, value: str, message: str) -> HeaderFinding:
    return HeaderFinding(
        code, severity, name, value, message, f"Remove {name} at the edge or in the framework's settings."
    )
