"""The TLS probe against real servers on loopback: each says what it shows, and what it accepts."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from postflight.checks import tls
from postflight.errors import ConfigError, Unreachable
from postflight.probes.tls import VERSIONS, _can_offer, inspect

Serve = Callable[..., str]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """A function that serves TLS with a certificate, and returns the URL. It only shakes hands."""
    ended: list[Callable[[], None]] = []

    def start(leaf: trustme.LeafCert | None = None, adjust: Callable[[ssl.SSLContext], None] = lambda _: None) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (leaf or authority.issue_cert("localhost")).configure_cert(context)
        adjust(context)
        listening = socket.create_server(("127.0.0.1", 0))

        def shake() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.settimeout(5)
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()

        def end() -> None:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            thread.join(5)

        ended.append(end)
        return f"https://localhost:{listening.getsockname()[1]}"

    yield start
    for end in ended:
        end()


def found(url: str, ca_file: str | None) -> set[str]:
    return {one.id for one in tls.find(*inspect(url, ca_file=ca_file), now=NOW)}


def test_a_sound_server(serve: Serve, ca_file: str) -> None:
    certificate, handshake = inspect(serve(), ca_file=ca_file)
    assert (certificate.names, certificate.chain_error, certificate.name_error) == (("localhost",), "", "")
    assert (certificate.key, certificate.key_bits, certificate.signature_hash) == ("EC", 256, "sha256")
    assert (handshake.host, handshake.version) == ("localhost", "TLSv1.3")
    assert handshake.accepted["TLSv1.3"] is True
    assert not handshake.accepted["TLSv1.1"]


def test_an_unknown_authority(serve: Serve) -> None:
    assert "tls-chain" in found(serve(), None)


def test_another_name(serve: Serve, authority: trustme.CA, ca_file: str) -> None:
    assert "tls-name" in found(serve(authority.issue_cert("elsewhere.test")), ca_file)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(5, {"tls-ends-soon"}), (14, {"tls-ends-soon"}), (90, set()), (-1, {"tls-expired", "tls-chain"})],
)
def test_the_end(serve: Serve, authority: trustme.CA, ca_file: str, days: int, expected: set[str]) -> None:
    leaf = authority.issue_cert("localhost", not_before=NOW - timedelta(days=9), not_after=NOW + timedelta(days=days))
    assert found(serve(leaf), ca_file) == expected


def test_an_old_version(serve: Serve, ca_file: str) -> None:
    if not _can_offer(VERSIONS["TLSv1.1"]):
        pytest.skip("this OpenSSL cannot speak TLS 1.1")

    def adjust(context: ssl.SSLContext) -> None:
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

    assert found(serve(adjust=adjust), ca_file) == {"tls-old-version"}


def test_no_tls_13(serve: Serve, ca_file: str) -> None:
    def adjust(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert found(serve(adjust=adjust), ca_file) == {"tls-no-13"}


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="completed no TLS handshake"):
        inspect(f"https://127.0.0.1:{port}")


def test_a_server_that_says_nothing_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(Unreachable, match="completed no TLS handshake"),
    ):
        inspect(f"https://127.0.0.1:{silent.getsockname()[1]}", deadline=0.2)


def test_an_authority_that_is_none(serve: Serve, tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("not a certificate")
    with pytest.raises(ConfigError, match="holds no usable certificate"):
        inspect(serve(), ca_file=str(broken))
