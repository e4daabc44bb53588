import asyncio
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.reference.running import DEADLINE, Running, start, start_preview


@pytest.fixture(scope="module")
def secure(platform: Running) -> Iterator[Running]:
    with start("--tls", "--database", platform.maintenance_database) as running:
        yield running


def test_all_addresses_are_secure(secure: Running) -> None:
    for url in (secure.ready["web"], *secure.ready["regions"].values()):
        assert (urlsplit(url).scheme, urlsplit(url).hostname) == ("https", "localhost")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(url)
    assert secure.ready["realtime"].startswith("wss://localhost:")


def test_health_checks_and_cookies_over_tls(secure: Running) -> None:
    with secure.client() as client:
        assert client.get("/api/health").json()["status"] == "healthy"
        answer = client.post("/api/auth/login", json=secure.ready["accounts"]["primary"])
    assert "secure" in answer.headers["set-cookie"].lower()


def test_previews_and_realtime_over_tls(secure: Running) -> None:
    with secure.sign_in() as user:
        project = user.post("/api/projects", json={"name": "Secure"}).json()["id"]
        preview = start_preview(user, project)["previewUrl"]
        assert preview.startswith("https://localhost:")
        assert user.get(f"{preview}/health").json()["supabaseConnected"] is True
    asyncio.run(greet(secure))


async def greet(secure: Running) -> None:
    """By the asynchronous client: the synchronous one loses handshakes over TLS, whatever the server."""
    url = f"{secure.ready['realtime']}/websocket?apikey={secure.ready['anon_key']}&vsn=1.0.0"
    trust = ssl.create_default_context(cafile=secure.ready["ca_file"])
    async with connect(url, ssl=trust, open_timeout=DEADLINE, proxy=None) as socket:
        await socket.send('{"topic": "phoenix", "event": "heartbeat", "ref": "1"}')
        assert "ok" in str(await socket.recv())
