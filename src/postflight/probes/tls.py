"""Collects what a server shows of TLS: its certificate, what OpenSSL makes of it, and the versions that it accepts.

A handful of handshakes, each with a deadline, and nothing is sent over them. What follows from the facts is said by
`postflight.checks.tls`. Names and chain are decided by OpenSSL, with the authorities that the client for flows trusts.
"""

import contextlib
import functools
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import NameOID

from postflight.checks.tls import CertificateFacts, HandshakeFacts
from postflight.errors import ConfigError, Unreachable

DEADLINE = 5.0  # seconds for each handshake
VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_EVEN_WEAK = "ALL:@SECLEVEL=0"  # else OpenSSL would not even offer what is to be refused


def inspect(
    url: str, *, ca_file: str | None = None, deadline: float = DEADLINE
) -> tuple[CertificateFacts, HandshakeFacts]:
    """Look at the server of an `https://` or `wss://` URL. `ca_file` holds one more authority (PEM).

    Raises `Unreachable` when it does not complete a handshake that would accept any certificate.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with _handshake(_accepting(), host, port, deadline) as connection:
            der, version, cipher = connection.getpeercert(binary_form=True), connection.version(), connection.cipher()
    except OSError as error:
        raise Unreachable(f"{host}:{port} completed no TLS handshake: {error}", where=url) from error
    if der is None:
        raise Unreachable(f"{host}:{port} showed no certificate", where=url)
    certificate = _read(
        x509.load_der_x509_certificate(der),
        chain_error=_error(_verifying(ca_file, names=False), host, port, deadline),
        name_error=_name_error(ca_file, host, port, deadline),
    )
    accepted = {name: _accepts(version, host, port, deadline) for name, version in VERSIONS.items()}
    return certificate, HandshakeFacts(host, version or "", cipher[0] if cipher else "", accepted)


@contextlib.contextmanager
def _handshake(context: ssl.SSLContext, host: str, port: int, deadline: float) -> Iterator[ssl.SSLSocket]:
    until = time.monotonic() + deadline
    with socket.create_connection((host, port), deadline) as plain:
        plain.settimeout(max(0.05, until - time.monotonic()))
        with context.wrap_socket(plain, server_hostname=host) as connection:
            yield connection


def _accepting() -> ssl.SSLContext:
    """Return a context that takes any certificate: this one is for looking, and carries nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _verifying(ca_file: str | None, *, names: bool) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file {ca_file} holds no usable certificate: {error}") from error
    context.check_hostname = names
    return context


def _error(context: ssl.SSLContext, host: str, port: int, deadline: float) -> str:
    """Return what OpenSSL has against the certificate, or an empty string. Other troubles are not its fault."""
    try:
        with _handshake(context, host, port, deadline):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except OSError as error:
        raise Unreachable(f"{host}:{port} ended a TLS handshake: {error}", where=f"{host}:{port}") from error


def _name_error(ca_file: str | None, host: str, port: int, deadline: float) -> str:
    """Return why the certificate is not this host's. A broken chain comes first, and hides it."""
    error = _error(_verifying(ca_file, names=True), host, port, deadline)
    return error if "mismatch" in error.lower() else ""


def _accepts(version: ssl.TLSVersion, host: str, port: int, deadline: float) -> bool | None:
    """Return whether the server speaks this version when no other is offered; None: this machine cannot offer it."""
    if not _can_offer(version):
        return None
    try:
        with _handshake(_only(version), host, port, deadline):
            return True
    except TimeoutError:
        return None
    except OSError:  # an alert, or a closed connection: both are a no
        return False


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that the version is old is the point
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(_EVEN_WEAK)
    return context


@functools.cache
def _can_offer(version: ssl.TLSVersion) -> bool:
    """Return whether this machine's OpenSSL would say hello in this version."""
    try:
        sent = ssl.MemoryBIO()
        offering = _only(version).wrap_bio(ssl.MemoryBIO(), sent)
        with contextlib.suppress(ssl.SSLWantReadError):
            offering.do_handshake()
    except (ssl.SSLError, ValueError):
        return False
    return sent.pending > 0


def _read(certificate: x509.Certificate, *, chain_error: str, name_error: str) -> CertificateFacts:
    key = certificate.public_key()
    kinds = {rsa.RSAPublicKey: "RSA", dsa.DSAPublicKey: "DSA", ec.EllipticCurvePublicKey: "EC"}
    kind = next((name for cls, name in kinds.items() if isinstance(key, cls)), type(key).__name__)
    used = certificate.signature_hash_algorithm
    issuers = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return CertificateFacts(
        names=_names(certificate),
        issuer=str(issuers[0].value) if issuers else certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        chain_error=chain_error,
        name_error=name_error,
        key=kind,
        key_bits=getattr(key, "key_size", 0),
        signature_hash=used.name if used else "",
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return (
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    )
