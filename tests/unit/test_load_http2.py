"""The engine against a server that speaks HTTP/2 only: what it sends, and what it makes of answers."""

from collections.abc import Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from postflight.flow import Request
from postflight.load.engine.batch import Batch
from postflight.load.engine.http2 import Http2
from tests import hostile
from tests.load_driving import ask, deployed, outcomes, run

Headers = dict[str, str]
Answer = Callable[[h2.connection.H2Connection, int, Headers, bytes], None]


def speaking(answer: Answer, seen: list[tuple[Headers, bytes]] | None = None) -> Callable[[hostile.Call], None]:
    """Return a server's behaviour: `answer` is given each request when it is whole."""

    def behave(call: hostile.Call) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        call.send(connection.data_to_send())
        heads: dict[int, Headers] = {}
        bodies: dict[int, bytes] = {}
        while data := call.socket.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id] = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    head, body = heads[event.stream_id], bodies.get(event.stream_id, b"")
                    if seen is not None:
                        seen.append((head, body))
                    answer(connection, event.stream_id, head, body)
            call.send(connection.data_to_send())

    return behave


def says(connection: h2.connection.H2Connection, stream: int, head: Headers, body: bytes) -> None:
    connection.send_headers(stream, [(":status", "200"), ("x-path", head[":path"])])
    connection.send_data(stream, b"you sent %d bytes" % len(body), end_stream=True)


def empty(connection: h2.connection.H2Connection, stream: int, head: Headers, _body: bytes) -> None:
    length = [("content-length", "7")] if head[":method"] == "HEAD" else []
    status = "204" if head[":path"] == "/gone" else "200"
    connection.send_headers(stream, [(":status", status), *length], end_stream=True)


def resets(connection: h2.connection.H2Connection, stream: int, _head: Headers, _body: bytes) -> None:
    connection.reset_stream(stream)


def served(answer: Answer, *requests: Request, seen: list[tuple[Headers, bytes]] | None = None) -> tuple[Batch, list]:
    found: list[Any] = []
    with hostile.secure(behave=speaking(answer, seen), http2=True) as server:
        batch = run(deployed(server.url, server.ca_file), ask(*requests, found=found))
    return batch, found


def test_requests_and_answers_are_those_of_the_flow() -> None:
    seen: list[tuple[Headers, bytes]] = []
    first = Request("GET", "web", "/a?b=c", headers={"X-Own": "1"})
    batch, found = served(says, first, Request("POST", "web", "/b", json={"a": 1}), seen=seen)
    assert [(head[":method"], head[":path"], body) for head, body in seen] == [
        ("GET", "/a?b=c", b""),
        ("POST", "/b", b'{"a":1}'),
    ]
    assert (seen[0][0]["x-own"], seen[0][0][":scheme"]) == ("1", "https")
    assert not {"host", "connection", "transfer-encoding"} & seen[0][0].keys()
    assert [text for _, text in found] == ["you sent 0 bytes", "you sent 7 bytes"]
    assert found[0][0].header("x-path") == "/a?b=c"
    assert outcomes(batch) == {"2xx": 2}


def test_a_body_larger_than_the_server_has_room_for_arrives_whole() -> None:
    seen: list[tuple[Headers, bytes]] = []
    content = bytes(range(256)) * 1000
    batch, _ = served(says, Request("POST", "web", "/", content=content), seen=seen)
    assert seen[0][1] == content
    assert outcomes(batch) == {"2xx": 1}


def test_answers_without_a_body_end() -> None:
    requests = [Request("GET", "web", "/gone"), Request("HEAD", "web", "/"), Request("GET", "web", "/")]
    batch, found = served(empty, *requests)
    assert [(response.status, text) for response, text in found] == [(204, ""), (200, ""), (200, "")]
    assert outcomes(batch) == {"2xx": 3}


def test_a_large_answer_is_whole() -> None:
    body = bytes(range(256)) * 40  # a frame may hold 16 KiB, and the window 64

    def large(connection: h2.connection.H2Connection, stream: int, _head: Headers, _body: bytes) -> None:
        connection.send_headers(stream, [(":status", "200"), ("content-length", str(len(body)))])
        connection.send_data(stream, body, end_stream=True)

    batch, found = served(large, Request("GET", "web", "/"), Request("GET", "web", "/"))
    assert [response.body for response, _ in found] == [body, body]
    assert outcomes(batch) == {"2xx": 2}


def test_a_stream_that_is_reset_is_an_error_of_the_deployment() -> None:
    batch, _ = served(resets, Request("GET", "web", "/"))
    assert sum(outcomes(batch).values()) == 1
    assert "2xx" not in outcomes(batch)


def test_what_is_no_http2_is_refused() -> None:
    spoken = Http2()
    spoken.open()
    with pytest.raises(httpx.RemoteProtocolError, match="HTTP/2"):
        spoken.receive(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")  # data of no stream


def test_a_server_that_chooses_http2_and_speaks_garbage_is_bad() -> None:
    def garbage(call: hostile.Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 10)

    with hostile.secure(behave=garbage, http2=True) as server:
        batch = run(deployed(server.url, server.ca_file), ask(Request("GET", "web", "/")))
    assert sum(outcomes(batch).values()) == 1
    assert "2xx" not in outcomes(batch)


@pytest.mark.parametrize("goaway", ["never", "before", "amid", "after"])
def test_a_server_that_ends_a_connection_in_peace_is_not_at_fault(goaway: str) -> None:
    """nginx says so before its thousandth answer; each was `garbage` to us, and an error of the target."""
    requests = [Request("GET", "web", "/")] * 6
    with hostile.secure(behave=hostile.http2(2, goaway), http2=True) as server:
        batch = run(deployed(server.url, server.ca_file), ask(*requests))
    assert outcomes(batch) == {"2xx": 6}


def test_a_farewell_is_found_wherever_it_is_cut() -> None:
    farewell = bytes.fromhex("000008 07 00 00000000 00000001 00000000")
    ping = bytes.fromhex("000008 06 00 00000000 0000000000000000")
    for size in (1, 8, 9, 10, 16, 17, 50):
        spoken, stream = Http2(), bytes.fromhex("000000 04 00 00000000") + ping + farewell + ping
        spoken.open()
        for start in range(0, len(stream), size):
            spoken.receive(stream[start : start + size])
        assert (spoken.ends, spoken.refused) == (True, False)


def test_a_farewell_with_an_error_is_an_error() -> None:
    spoken = Http2()
    spoken.open()
    spoken.receive(bytes.fromhex("000000 04 00 00000000"))
    spoken.receive(bytes.fromhex("000008 07 00 00000000 00000000 00000002"))
    assert not spoken.ends
    with pytest.raises(httpx.RemoteProtocolError, match="HTTP/2"):
        spoken.receive(bytes.fromhex("000008 06 00 00000000 0000000000000000"))
