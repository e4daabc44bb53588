import asyncio
import json
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.reference.channel import join
from tests.reference.running import DEADLINE, Running


def dial(platform: Running, key: str | None = None, query: str = "&vsn=1.0.0") -> ClientConnection:
    url = f"{platform.ready['realtime']}/websocket?apikey={key or platform.ready['anon_key']}{query}"
    return connect(url, open_timeout=DEADLINE, proxy=None)


def ask(socket: ClientConnection, topic: str, event: str, payload: object = None) -> dict[str, object]:
    message = {"topic": topic, "event": event, "payload": payload or {}, "ref": "7", "join_ref": "3"}
    socket.send(json.dumps(message))
    answer: dict[str, object] = json.loads(socket.recv(DEADLINE))
    return answer


def test_the_official_client_joins_and_broadcasts(platform: Running) -> None:
    async def converse() -> None:
        url, key, topic = platform.ready["realtime"], platform.ready["anon_key"], f"project:{uuid4()}"
        elsewhere = f"project:{uuid4()}"
        async with (
            join(url, key, topic) as (speaker, echo, states),
            join(url, key, topic) as (_listener, heard, _),
            join(url, key, elsewhere) as (_stranger, overheard, _),
        ):
            assert states == ["SUBSCRIBED"]
            for content in ("one", "two"):
                await speaker.send_broadcast("file:update", {"filePath": "index.html", "content": content})
            async with asyncio.timeout(DEADLINE):
                messages = [await heard.get(), await heard.get()]
            assert [message["payload"]["content"] for message in messages] == ["one", "two"]
            assert echo.empty()
            assert overheard.empty()

    asyncio.run(converse())


def test_a_user_token_opens_it_too(platform: Running) -> None:
    with platform.sign_in() as user:
        token = user.headers["authorization"].removeprefix("Bearer ")
    with dial(platform, token) as socket:
        assert ask(socket, "phoenix", "heartbeat")["payload"] == {"status": "ok", "response": {}}


@pytest.mark.parametrize(("key", "query"), [("forged", "&vsn=1.0.0"), (None, "&vsn=9.0.0")])
def test_a_wrong_key_or_protocol_is_refused(platform: Running, key: str | None, query: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        dial(platform, key, query)
    assert refusal.value.response.status_code == 403


def test_replies_carry_the_references_of_what_they_answer(platform: Running) -> None:
    with dial(platform) as socket:
        assert ask(socket, "realtime:x", "phx_join") == {
            "topic": "realtime:x",
            "event": "phx_reply",
            "payload": {"status": "ok", "response": {"postgres_changes": []}},
            "ref": "7",
            "join_ref": "3",
        }


def test_self_and_ack_are_as_asked_for(platform: Running) -> None:
    said = {"type": "broadcast", "event": "hello", "payload": {"n": 1}}
    with dial(platform) as socket:
        ask(socket, "realtime:x", "phx_join", {"config": {"broadcast": {"self": True, "ack": True}}})
        assert ask(socket, "realtime:x", "broadcast", said)["payload"] == said
        assert json.loads(socket.recv(DEADLINE))["payload"]["status"] == "ok"


@pytest.mark.parametrize(
    ("topic", "event", "payload"),
    [
        ("other:x", "phx_join", {}),
        ("realtime:x", "phx_join", {"access_token": "forged"}),
        ("realtime:x", "phx_join", {"config": {"postgres_changes": [{"event": "*"}]}}),
        ("realtime:not-joined", "broadcast", {"event": "x", "payload": {}}),
        ("realtime:x", "no-such-event", {}),
    ],
)
def test_what_is_not_allowed_is_answered_so(platform: Running, topic: str, event: str, payload: object) -> None:
    with dial(platform) as socket:
        answer = ask(socket, topic, event, payload)
        assert answer["event"] == "phx_reply"
        assert answer["payload"]["status"] == "error"  # type: ignore[index]


def test_who_has_left_hears_no_more(platform: Running) -> None:
    topic = f"realtime:{uuid4()}"
    with dial(platform) as leaver, dial(platform) as speaker:
        for socket in (leaver, speaker):
            ask(socket, topic, "phx_join", {"config": {"broadcast": {"ack": True}}})
        ask(leaver, topic, "phx_leave")
        assert ask(speaker, topic, "broadcast", {"event": "x", "payload": {}})["event"] == "phx_reply"
        assert ask(leaver, "phoenix", "heartbeat")["topic"] == "phoenix"  # and nothing came before it


@pytest.mark.parametrize("text", ["{", "[]", '{"topic": 1, "event": "x"}', b"\x00", "x" * 1_100_000], ids=range(5))
def test_nonsense_closes_the_connection(platform: Running, text: str | bytes) -> None:
    with dial(platform) as socket:
        socket.send(text)
        with pytest.raises(ConnectionClosed):
            socket.recv(DEADLINE)


def test_a_broadcast_over_http_reaches_who_has_joined(platform: Running) -> None:
    """As the platform's back end sends it: the topic is without the `realtime:` of the WebSocket protocol."""
    base = platform.ready["realtime"].replace("ws", "http", 1)
    topic, edit = f"project:{uuid4()}", {"filePath": "a.txt", "content": "over HTTP"}
    message = {"topic": topic, "event": "file:update", "payload": edit, "private": False}
    with dial(platform) as socket, httpx.Client(headers={"apikey": platform.ready["anon_key"]}) as http:
        assert ask(socket, f"realtime:{topic}", "phx_join")["event"] == "phx_reply"
        answer = http.post(f"{base}/api/broadcast", json={"messages": [message]})
        assert (answer.status_code, answer.content) == (202, b"")
        heard = json.loads(socket.recv(DEADLINE))
        assert (heard["topic"], heard["event"]) == (f"realtime:{topic}", "broadcast")
        assert heard["payload"] == {"type": "broadcast", "event": "file:update", "payload": edit}


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [
        ("forged", {"messages": [{"topic": "t", "event": "e", "payload": {}}]}, 401),
        (None, {"messages": []}, 422),
        (None, {"messages": [{"topic": "t", "event": "e"}]}, 422),
        (None, {"messages": [{"topic": "t", "event": "e", "payload": {}}] * 101}, 422),
    ],
)
def test_a_broadcast_over_http_may_be_refused(platform: Running, key: str | None, body: object, status: int) -> None:
    base = platform.ready["realtime"].replace("ws", "http", 1)
    headers = {"apikey": key or platform.ready["anon_key"]}
    assert httpx.post(f"{base}/api/broadcast", json=body, headers=headers).status_code == status
