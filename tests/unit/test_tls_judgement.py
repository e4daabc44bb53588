"""TLS: what follows from a certificate's and a handshake's facts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from postflight.checks.headers.finding import Severity
from postflight.checks.tls import CertificateFacts, HandshakeFacts, days_left, find

NOW = datetime(2026, 11, 21, tzinfo=UTC)
GOOD = CertificateFacts(
    names=("app.example.com",),
    issuer="CN=Authority",
    not_before=NOW - timedelta(days=30),
    not_after=NOW + timedelta(days=60),
    key="EC",
    key_bits=256,
    signature_hash="sha256",
)
MODERN = HandshakeFacts(
    "app.example.com",
    "TLSv1.3",
    "TLS_AES_256_GCM_SHA384",
    {"TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True},
)


def findings(certificate: CertificateFacts = GOOD, handshake: HandshakeFacts = MODERN) -> dict[str, Severity]:
    return {one.id: one.severity for one in find(certificate, handshake, now=NOW)}


def test_a_sound_endpoint_is_silent() -> None:
    assert findings() == {}


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (replace(GOOD, not_after=NOW), {"tls-expired": Severity.HIGH}),
        (replace(GOOD, not_after=NOW + timedelta(days=6)), {"tls-ends-soon": Severity.HIGH}),
        (replace(GOOD, not_after=NOW + timedelta(days=20)), {"tls-ends-soon": Severity.MEDIUM}),
        (replace(GOOD, not_after=NOW + timedelta(days=21)), {}),
        (replace(GOOD, not_before=NOW + timedelta(hours=1)), {"tls-not-yet-valid": Severity.HIGH}),
        (replace(GOOD, name_error="hostname mismatch"), {"tls-name": Severity.HIGH}),
        (replace(GOOD, chain_error="self-signed certificate"), {"tls-chain": Severity.HIGH}),
        (replace(GOOD, key="RSA", key_bits=1024), {"tls-weak-key": Severity.HIGH}),
        (replace(GOOD, key="RSA", key_bits=2048), {}),
        (replace(GOOD, key="Ed25519", key_bits=0), {}),
        (replace(GOOD, signature_hash="SHA1"), {"tls-weak-signature": Severity.HIGH}),
    ],
)
def test_certificates(certificate: CertificateFacts, expected: dict[str, Severity]) -> None:
    assert findings(certificate) == expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ({"TLSv1": True, "TLSv1.1": False}, {"tls-old-version": Severity.MEDIUM}),
        ({"TLSv1.1": None}, {"tls-version-untested": Severity.INFO}),
        ({"TLSv1.3": False}, {"tls-no-13": Severity.LOW}),
        ({}, {}),
    ],
)
def test_versions(accepted: dict[str, bool | None], expected: dict[str, Severity]) -> None:
    assert findings(handshake=replace(MODERN, accepted=accepted)) == expected


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-DES-CBC3-SHA", "RC4-MD5", "ADH-AES128-SHA"])
def test_broken_ciphers(cipher: str) -> None:
    assert findings(handshake=replace(MODERN, cipher=cipher)) == {"tls-weak-cipher": Severity.HIGH}


def test_days_left_are_negative_after_the_end() -> None:
    assert days_left(GOOD, NOW) == 60
    assert days_left(replace(GOOD, not_after=NOW - timedelta(hours=12)), NOW) == -0.5
