"""Whose fault an error is: each kind of trouble, and that nothing unknown is blamed on the deployment."""

import errno
import os
import socket
import ssl

import anyio
import httpx
import pytest

from postflight.errors import (
    BrowserUnavailable,
    CannotMeasure,
    ConfigError,
    DeploymentFault,
    RunnerNetworkError,
    UnexpectedAnswer,
    Unreachable,
)
from postflight.probes.meaning import BodyTooLarge, DeadlinePassed, address, explain, explain_browser

URL = "http://velocity.test:8080/login?token=never-shown"


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def raised_from(outer: Exception, *causes: BaseException) -> Exception:
    """As httpx raises them: the error, from another, from another."""
    error: BaseException = outer
    for cause in causes:
        error.__cause__ = cause
        error = cause
    return outer


def certificate_error(code: int, words: str = "") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "CERTIFICATE_VERIFY_FAILED")
    error.verify_code, error.verify_message = code, words
    return error


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (os_error(errno.ECONNREFUSED), Unreachable, "refuses connections"),
        (os_error(errno.ECONNRESET), Unreachable, "reset the connection"),
        (os_error(errno.EPIPE), Unreachable, "reset the connection"),
        (os_error(errno.ETIMEDOUT), Unreachable, "before the deadline"),
        (os_error(errno.ENETUNREACH), RunnerNetworkError, "no route"),
        (os_error(errno.EHOSTUNREACH), RunnerNetworkError, "no route"),
        (os_error(errno.EPERM), RunnerNetworkError, "no route"),
        (os_error(errno.EMFILE), CannotMeasure, "file descriptors"),
        (os_error(errno.EADDRNOTAVAIL), CannotMeasure, "local ports"),
        (os_error(errno.ENOMEM), CannotMeasure, "memory"),
        (MemoryError(), CannotMeasure, "memory"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), RunnerNetworkError, "does not resolve"),
        (httpx.ProxyError("407 Proxy Authentication Required"), RunnerNetworkError, "407 Proxy Authentication"),
        (certificate_error(10), DeploymentFault, "has expired"),
        (certificate_error(9), DeploymentFault, "not valid yet"),
        (certificate_error(62), DeploymentFault, "another name"),
        (certificate_error(20), DeploymentFault, "no trusted authority"),
        (certificate_error(18), DeploymentFault, "no trusted authority"),
        (certificate_error(99, "odd words"), DeploymentFault, "odd words"),
        (tls_error("WRONG_VERSION_NUMBER"), Unreachable, "TLS handshake (wrong version number)"),
        (
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            Unreachable,
            "without an answer",
        ),
        (httpx.RemoteProtocolError("illegal status line"), Unreachable, "garbage"),
        (httpx.RemoteProtocolError("Receive buffer too long"), Unreachable, "headers without end"),
        (
            httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
            Unreachable,
            "in the middle",
        ),
        (httpx.RemoteProtocolError("<StreamReset stream_id:1>"), Unreachable, "reset the connection"),
        (httpx.TooManyRedirects("more than 10"), Unreachable, "redirects without end"),
        (httpx.DecodingError("incorrect header check"), Unreachable, "not encoded as its headers say"),
        (httpx.UnsupportedProtocol("ftp"), UnexpectedAnswer, "not HTTP"),
        (httpx.ReadTimeout(""), Unreachable, "before the deadline"),
        (httpx.PoolTimeout(""), CannotMeasure, "all our connections"),
        (httpx.ReadError(""), Unreachable, "reset the connection"),
        (anyio.EndOfStream(), Unreachable, "without an answer"),
        (DeadlinePassed("never answered within 3 s"), Unreachable, "never answered within 3 s"),
        (BodyTooLarge(10_000_000), Unreachable, "endless or larger than 10 MB"),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, BaseException) else "",
)
def test_each_trouble_has_its_own_meaning(error: BaseException, kind: type[Exception], words: str) -> None:
    explained = explain(error, URL)

    assert type(explained) is kind
    assert words in str(explained)
    assert str(explained).startswith("velocity.test:8080 ")
    assert "never-shown" not in str(explained)
    assert explained.facts.where == URL


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("odd"), OSError(errno.EIO, "I/O"), RuntimeError("a bug"), httpx.LocalProtocolError("our own")],
)
def test_an_unknown_error_is_not_blamed_on_the_deployment(error: Exception) -> None:
    explained = explain(error, URL)

    assert type(explained) is CannotMeasure
    assert type(error).__name__ in str(explained)


def test_the_cause_is_found_behind_wrappers() -> None:
    wrapped = raised_from(httpx.ConnectError("all failed"), OSError("all failed"), os_error(errno.ECONNREFUSED))
    assert "refuses" in str(explain(wrapped, URL))


def test_the_cause_is_found_behind_from_none() -> None:
    def connect() -> None:
        try:
            raise os_error(errno.ECONNREFUSED)
        except OSError:
            raise httpx.ConnectError("All connection attempts failed") from None

    with pytest.raises(httpx.ConnectError) as caught:
        connect()
    assert "refuses" in str(explain(caught.value, URL))


def test_a_refusal_on_one_address_outweighs_no_route_on_the_other() -> None:
    both = ExceptionGroup("all failed", [os_error(errno.ENETUNREACH), os_error(errno.ECONNREFUSED)])
    assert type(explain(raised_from(httpx.ConnectError(""), OSError(""), both), URL)) is Unreachable


def test_a_circle_of_causes_ends() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert type(explain(one, URL)) is CannotMeasure


def test_what_is_explained_stays_as_it_is() -> None:
    known = UnexpectedAnswer("status 500")
    assert explain(raised_from(RuntimeError(), known), URL) is known


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:word@host.test/path", "host.test:443"),
        ("http://[::1]:9/", "[::1]:9"),
        ("http://host:port/", "http://host:port/"),
        ("nothing", "nothing"),
    ],
)
def test_address(url: str, shown: str) -> None:
    assert address(url) == shown


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NAME_NOT_RESOLVED", RunnerNetworkError),
        ("INTERNET_DISCONNECTED", RunnerNetworkError),
        ("NETWORK_CHANGED", RunnerNetworkError),
        ("ADDRESS_UNREACHABLE", RunnerNetworkError),
        ("PROXY_CONNECTION_FAILED", RunnerNetworkError),
        ("PROXY_AUTH_REQUESTED", RunnerNetworkError),
        ("TUNNEL_CONNECTION_FAILED", RunnerNetworkError),
        ("DNS_TIMED_OUT", RunnerNetworkError),
        ("CONNECTION_REFUSED", Unreachable),
        ("CONNECTION_RESET", Unreachable),
        ("CONNECTION_CLOSED", Unreachable),
        ("CONNECTION_TIMED_OUT", Unreachable),
        ("EMPTY_RESPONSE", Unreachable),
        ("TIMED_OUT", Unreachable),
        ("SSL_PROTOCOL_ERROR", Unreachable),
        ("CERT_DATE_INVALID", DeploymentFault),
        ("CERT_COMMON_NAME_INVALID", DeploymentFault),
        ("CERT_AUTHORITY_INVALID", DeploymentFault),
        ("CERT_REVOKED", DeploymentFault),
        ("TOO_MANY_REDIRECTS", Unreachable),
        ("INVALID_HTTP_RESPONSE", Unreachable),
        ("HTTP2_PROTOCOL_ERROR", Unreachable),
        ("CONTENT_LENGTH_MISMATCH", Unreachable),
        ("UNSAFE_PORT", ConfigError),
        ("INSUFFICIENT_RESOURCES", CannotMeasure),
        ("BLOCKED_BY_CLIENT", CannotMeasure),
        ("ABORTED", CannotMeasure),
    ],
)
def test_names_of_chromium(name: str, kind: type[Exception]) -> None:
    explained = explain_browser(f"Page.goto: net::ERR_{name} at {URL}\nCall log:\n", URL)

    assert type(explained) is kind
    assert f"net::ERR_{name}" in str(explained)
    assert str(explained).startswith("velocity.test:8080 ")


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        ("Page.goto: Timeout 30000ms exceeded.", Unreachable, "within 30 s"),
        ("Page.goto: Target page, context or browser has been closed", BrowserUnavailable, "browser went away"),
        ("Page.goto: Page crashed", BrowserUnavailable, "browser went away"),
        ("something else\nand more", CannotMeasure, "something else"),
    ],
)
def test_errors_of_the_browser_without_a_name(message: str, kind: type[Exception], words: str) -> None:
    explained = explain_browser(message, URL)

    assert type(explained) is kind
    assert words in str(explained)
