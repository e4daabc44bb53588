"""Certificate and handshake, judged over facts that a probe collected (VEL-X2, P13-X5). No sockets here.

Names and chain are decided by whoever did the handshake (OpenSSL, or `cryptography.x509.verification`), because a
second opinion in Python would be worth less; this module says what follows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from postflight.checks.headers.finding import HeaderFinding, Severity

COVERS = ("VEL-X2", "P13-X5")
OLD_VERSIONS = ("SSLv3", "TLSv1", "TLSv1.1")  # as Python's ssl module names them; RFC 8996 forbids them
_WEAK_CIPHERS = ("RC4", "3DES", "DES-CBC", "NULL", "EXPORT", "EXP-", "ADH", "AECDH", "MD5")
_WEAK_HASHES = frozenset({"md5", "sha1"})
_LEAST_BITS: Mapping[str, int] = {"RSA": 2048, "DSA": 2048, "EC": 256}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What was served. Times are aware; the errors are the verifier's words, empty when it agreed."""

    names: tuple[str, ...]  # DNS names and addresses of the subjectAltName
    issuer: str
    not_before: datetime
    not_after: datetime
    chain_error: str = ""
    name_error: str = ""
    key: str = ""  # "RSA", "EC", "Ed25519"
    key_bits: int = 0
    signature_hash: str = ""  # "sha256"; empty if the algorithm has none


@dataclass(frozen=True, slots=True)
class HandshakeFacts:
    """What was negotiated, and which versions were accepted when offered alone (None: could not be tried here)."""

    host: str
    version: str  # "TLSv1.3"
    cipher: str = ""
    accepted: Mapping[str, bool | None] = field(default_factory=dict)


def days_left(certificate: CertificateFacts, now: datetime) -> float:
    """Return the days until the certificate ends; negative when it has ended. `now` is aware."""
    return (certificate.not_after - now).total_seconds() / 86400


def find(
    certificate: CertificateFacts, handshake: HandshakeFacts, *, now: datetime, warn_days: int = 21, fail_days: int = 7
) -> Iterator[HeaderFinding]:
    """Yield what is wrong. Renewal usually comes 30 days before the end: at `warn_days` it has failed for days."""
    yield from _find_dates(certificate, now, warn_days, fail_days)
    if certificate.name_error:
        yield _say(
            "tls-name",
            Severity.HIGH,
            ", ".join(certificate.names),
            f"The certificate is not for {handshake.host}: {certificate.name_error}.",
            "Order one whose subjectAltName holds the host.",
        )
    if certificate.chain_error:
        yield _say(
            "tls-chain",
            Severity.HIGH,
            certificate.issuer,
            f"No chain to a trusted root: {certificate.chain_error}.",
            "Serve the intermediate certificates too, leaf first, and use a known authority.",
        )
    yield from _find_strength(certificate)
    yield from _find_protocol(handshake)


def _find_dates(
    certificate: CertificateFacts, now: datetime, warn_days: int, fail_days: int
) -> Iterator[HeaderFinding]:
    left, ends = days_left(certificate, now), certificate.not_after.isoformat()
    renew = "Renew it, and find out why the automatic renewal did not."
    if certificate.not_before > now:
        yield _say(
            "tls-not-yet-valid",
            Severity.HIGH,
            certificate.not_before.isoformat(),
            "The certificate begins in the future.",
            "Serve the one before, or set the clock.",
        )
    if left <= 0:
        yield _say("tls-expired", Severity.HIGH, ends, f"The certificate ended {-left:.0f} days ago.", renew)
    elif left < warn_days:
        severity = Severity.HIGH if left < fail_days else Severity.MEDIUM
        yield _say("tls-ends-soon", severity, ends, f"The certificate ends in {left:.1f} days.", renew)


def _find_strength(certificate: CertificateFacts) -> Iterator[HeaderFinding]:
    least = _LEAST_BITS.get(certificate.key, 0)
    if 0 < certificate.key_bits < least:
        yield _say(
            "tls-weak-key",
            Severity.HIGH,
            f"{certificate.key} {certificate.key_bits}",
            f"The key is shorter than {least} bits.",
            "Use an EC key (P-256) or RSA 2048.",
        )
    if certificate.signature_hash.lower() in _WEAK_HASHES:
        yield _say(
            "tls-weak-signature",
            Severity.HIGH,
            certificate.signature_hash,
            "Signatures with this hash can be forged.",
            "Order a certificate signed with SHA-256.",
        )


def _find_protocol(handshake: HandshakeFacts) -> Iterator[HeaderFinding]:
    for version in OLD_VERSIONS:
        accepted = handshake.accepted.get(version)
        if accepted:
            yield _say(
                "tls-old-version",
                Severity.MEDIUM,
                version,
                f"{version} is accepted (RFC 8996 forbids it).",
                "Accept TLS 1.2 and 1.3 only.",
            )
        elif version in handshake.accepted and accepted is None:
            yield _say(
                "tls-version-untested",
                Severity.INFO,
                version,
                "This machine cannot offer it: unknown, not refused.",
                "Test from a machine whose OpenSSL still speaks it.",
            )
    if handshake.accepted.get("TLSv1.3") is False:
        yield _say("tls-no-13", Severity.LOW, handshake.version, "TLS 1.3 is refused.", "Enable TLS 1.3.")
    if any(word in handshake.cipher.upper() for word in _WEAK_CIPHERS):
        yield _say(
            "tls-weak-cipher",
            Severity.HIGH,
            handshake.cipher,
            "A broken cipher was negotiated.",
            "Allow AEAD ciphers only (AES-GCM, ChaCha20-Poly1305).",
        )


def _say(code: str, severity: Severity, value: str, message: str, remedy: str) -> HeaderFinding:
    return HeaderFinding(code, severity, "TLS", value, message, remedy, COVERS)
