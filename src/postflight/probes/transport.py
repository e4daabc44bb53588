"""The one way in which requests leave: verified, marked as synthetic, and without memory between accounts."""

import ssl
from collections.abc import Callable, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from postflight import __version__
from postflight.errors import ConfigError
from postflight.probes import body
from postflight.probes.network import LOOPBACK, proxy_for

Wrap = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return whom we trust: certifi's authorities (or SSL_CERT_FILE) and `ca_file`. Raises `ConfigError`."""
    certificates = httpx.create_ssl_context()
    if ca_file is not None:
        try:
            certificates.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file {ca_file} holds no usable certificate: {error}") from error
    return certificates


def open_transport(
    *,
    run_id: str,
    ca_file: str | None,
    limits: httpx.Limits,
    http2: bool,
    wrap: Wrap | None = None,
    targets: Iterable[str] = (),
) -> httpx.AsyncClient:
    """Return a client for `exchange`.

    TLS is always verified: against certifi's authorities (or SSL_CERT_FILE) and `ca_file`. Proxies of the environment
    are respected, but never for loopback. No cookie is kept: two accounts cannot be mixed up. With `wrap` every request
    passes the transport that it returns; proxies are then found for the URLs in `targets`.

    Raises:
        ConfigError: a certificate file that is none, or a proxy that cannot be used.

    """
    certificates = trust(ca_file)
    try:
        return httpx.AsyncClient(
            verify=certificates,
            http2=http2,
            timeout=None,  # noqa: S113 - `exchange` has one deadline for all of it, which httpx has not
            limits=limits,
            **_ways_out(wrap, targets, verify=certificates, http2=http2, limits=limits),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "User-Agent": f"Postflight/{__version__} (+synthetic; run {run_id})",
                "X-Postflight-Run": run_id,
                "Accept-Encoding": body.ACCEPT_ENCODING,
            },
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigError(
            f"the proxy of the environment cannot be used: {error}; check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY"
        ) from error


def _ways_out(wrap: Wrap | None, targets: Iterable[str], **options: Any) -> dict[str, Any]:
    """Return httpx's options for what requests leave through."""
    if wrap is None:
        return {"mounts": {f"all://{host}": None for host in LOOPBACK}}
    proxied = {url: proxy for url in targets if (proxy := proxy_for(url))}
    return {
        "transport": wrap(httpx.AsyncHTTPTransport(trust_env=False, **options)),
        "mounts": {
            url: wrap(httpx.AsyncHTTPTransport(proxy=proxy, trust_env=False, **options))
            for url, proxy in proxied.items()
        },
        "trust_env": False,
    }
