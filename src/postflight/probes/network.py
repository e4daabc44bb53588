"""Whether this runner's own network works: a canary on loopback, name resolution, and the proxy that stands between."""

import secrets
import socket
import threading
import urllib.request
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")  # never sent through a proxy, as browsers do it


def loopback_trouble(deadline: float = 1.0) -> str | None:
    """Return None when a listener of ours answers ours on loopback, else what went wrong. Knows no proxies."""
    nonce = secrets.token_bytes(16)
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(deadline)
            with socket.create_connection(listener.getsockname(), timeout=deadline) as caller:
                answerer, _ = listener.accept()
                with answerer:
                    answerer.sendall(nonce)
                if caller.recv(len(nonce), socket.MSG_WAITALL) == nonce:
                    return None
    except OSError as error:
        return f"this runner does not reach itself on loopback: {error}"
    return "this runner does not reach itself on loopback: another answer came than was sent"


def name_trouble(host: str, deadline: float) -> str | None:
    """Return None when the name resolves within `deadline` seconds, else what went wrong.

    `getaddrinfo` cannot be interrupted, so that it runs in a daemon thread, which a dead name server may keep.
    """
    outcome: list[str | None] = []

    def resolve() -> None:
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            outcome.append(None)
        except socket.gaierror as error:
            outcome.append(f"{host} does not resolve: {error.strerror}")
        except (OSError, UnicodeError) as error:  # UnicodeError: no label of a name may be empty or over 63 characters
            outcome.append(f"{host} does not resolve: {error}")

    resolver = threading.Thread(target=resolve, name="postflight-resolver", daemon=True)
    resolver.start()
    resolver.join(deadline)
    return outcome[0] if outcome else f"{host} did not resolve within {deadline:.1f} s: no name server answered"


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for this URL, or None. Loopback never has one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {name.strip("[]") for name in LOOPBACK} or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"
