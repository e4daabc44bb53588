"""Chromium is told to trust the keys that the deployment's own authority vouches for, and no others."""

import base64
import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postflight.browser.spki import launch_arguments
from postflight.model import Deployment, Service

FLAG = "--ignore-certificate-errors-spki-list="


@contextlib.contextmanager
def server(certificate: trustme.LeafCert) -> Iterator[str]:
    """Answer one TLS handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def shake_hands() -> None:
            with contextlib.suppress(OSError), listening.accept()[0] as raw:
                raw.settimeout(10)
                context.wrap_socket(raw, server_side=True).close()

        thread = threading.Thread(target=shake_hands, daemon=True)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        thread.join(10)


def deployment(url: str, authority: trustme.CA, folder: Path) -> Deployment:
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    services = {"web": Service("web", url), "other": Service("other", "http://127.0.0.1:1")}
    return Deployment("p", "e", url, known=True, services=services, ca_file=str(file))


def key_hash(certificate: trustme.LeafCert) -> str:
    key = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def test_a_server_that_the_authority_vouches_for_is_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    with server(certificate) as url:
        assert launch_arguments(deployment(url, authority, tmp_path)) == [FLAG + key_hash(certificate)]


@pytest.mark.parametrize("name", ["localhost", "elsewhere.test"])
def test_no_other_server_is_trusted(name: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    signer = trustme.CA() if name == "localhost" else authority  # a stranger's signature, or another's name
    with server(signer.issue_cert(name)) as url:
        assert launch_arguments(deployment(url, authority, tmp_path)) == []


def test_without_an_authority_nothing_changes() -> None:
    assert launch_arguments(Deployment("p", "e", "https://localhost:1", known=True)) == []
