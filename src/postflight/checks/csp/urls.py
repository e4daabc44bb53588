"""URLs as browsers read them: the WHATWG parser (ada), cut down to the parts that a policy looks at."""

from dataclasses import dataclass

import ada_url

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}


class InvalidUrl(ValueError):
    """Text that no browser takes for a URL."""


@dataclass(frozen=True, slots=True)
class Url:
    """A URL's parts. `port` is None when it is the scheme's own; `host` is empty for schemes without hosts."""

    scheme: str
    host: str
    port: int | None
    path: str

    def is_default_port(self, port: int | None) -> bool:
        """Whether this is the port that the scheme stands for."""
        return port is not None and DEFAULT_PORTS.get(self.scheme) == port


def parse_url(text: str) -> Url:
    """Parse an absolute URL, or raise `InvalidUrl`."""
    try:
        parsed = ada_url.URL(text)
    except (ValueError, UnicodeError) as error:
        raise InvalidUrl(f"{text!r} is no absolute URL: expected something like https://example.com/path") from error
    scheme = parsed.protocol.removesuffix(":")
    special = scheme in DEFAULT_PORTS or scheme == "file"
    return Url(
        scheme=scheme,
        host=parsed.hostname if special else "",  # Chromium sees no host in schemes that it does not know
        port=int(parsed.port) if parsed.port else None,
        path=parsed.pathname,
    )


def parse_origin(text: str) -> Url:
    """Parse an origin such as `https://example.com:8443`; `null` is an opaque one, which `'self'` never matches."""
    if text == "null":
        return Url("", "", None, "")
    return parse_url(text)


def upgraded(url: Url) -> Url:
    """Return the URL that `upgrade-insecure-requests` makes of this one. Loopback addresses stay as they are."""
    secure = {"http": "https", "ws": "wss"}.get(url.scheme)
    if secure is None or _is_loopback(url.host):
        return url
    return Url(secure, url.host, url.port, url.path)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "[::1]"
