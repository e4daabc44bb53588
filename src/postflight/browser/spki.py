"""How Chromium learns to trust a test authority: by the hash of each server's public key, and of nothing else.

Chromium reads no authority file on Linux, and Playwright's `ignore_https_errors` would accept every certificate, keep
HSTS from being stored and silence the Reporting API. So the servers of the deployment are asked once, by a client that
trusts `ca_file` and verifies chain and name; the keys that they prove to hold are the ones that Chromium may accept.
"""

import base64
import hashlib
import socket
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postflight.model import Deployment

DEADLINE = 5.0  # seconds for one handshake
_PORTS = {"https": 443, "wss": 443}


def launch_arguments(deployment: Deployment) -> list[str]:
    """Return what makes Chromium trust this deployment's own authority; nothing where it has none.

    A server that is not there or whose certificate the authority did not sign gets no trust: the browser says why.
    """
    if deployment.ca_file is None:
        return []
    trust = ssl.create_default_context(cafile=deployment.ca_file)
    hashes = sorted({found for address in _addresses(deployment) for found in _hash_of(*address, trust)})
    return [f"--ignore-certificate-errors-spki-list={','.join(hashes)}"] if hashes else []


def spki_hash(der: bytes) -> str:
    """Return the hash of a certificate's public key: SHA-256 of its SubjectPublicKeyInfo, in base64 (RFC 7469 2.4)."""
    key = x509.load_der_x509_certificate(der).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()


def _addresses(deployment: Deployment) -> set[tuple[str, int]]:
    urls: Iterable[str] = (
        deployment.base_url,
        *(url for service in deployment.services.values() for url in (service.url, *service.regions.values())),
    )
    parts = [urlsplit(url) for url in urls]
    return {(p.hostname, p.port or _PORTS[p.scheme]) for p in parts if p.scheme in _PORTS and p.hostname}


def _hash_of(host: str, port: int, trust: ssl.SSLContext) -> tuple[str, ...]:
    try:
        with (
            socket.create_connection((host, port), DEADLINE) as raw,
            trust.wrap_socket(raw, server_hostname=host) as connection,
        ):
            der = connection.getpeercert(binary_form=True)
    except OSError:  # ssl.SSLError is one
        return ()
    return (spki_hash(der),) if der else ()
