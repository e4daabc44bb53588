"""Supabase's own realtime client, as the platform's front end and its containers use it (R 5.2)."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from realtime import AsyncRealtimeClient

from postflight.errors import ConfigError
from postflight.model import Deployment
from postflight.probes.client import Client


def broadcast_edit(api: Client, deployment: Deployment, project_id: str, path: str, content: str) -> float:
    """Join the project's channel and broadcast one edit; return the time (`time.monotonic`) at which it was sent."""
    key = deployment.secrets.get("realtime_anon_key")
    service = deployment.services.get("realtime")
    if key is None or service is None:
        raise ConfigError("the realtime service or its key is missing in deployments.yaml or the environment")

    async def send() -> float:
        client = AsyncRealtimeClient(service.url, key.reveal(), auto_reconnect=False)
        with _trusting(deployment.ca_file):
            await client.connect()
        try:
            channel = client.channel(f"project:{project_id}", {"config": {"broadcast": {"ack": True, "self": False}}})
            await channel.subscribe()
            sent = time.monotonic()
            await channel.send_broadcast("file:update", {"filePath": path, "content": content})
            return sent
        finally:
            await client.close()

    return api.call(send, deadline=10.0)


@contextmanager
def _trusting(ca_file: str | None) -> Iterator[None]:
    """Let the client trust a test authority. It takes no TLS settings, so OpenSSL's own variable has to say it."""
    before = os.environ.get("SSL_CERT_FILE")
    if ca_file is not None:
        os.environ["SSL_CERT_FILE"] = ca_file
    try:
        yield
    finally:
        if before is not None:
            os.environ["SSL_CERT_FILE"] = before
        else:
            os.environ.pop("SSL_CERT_FILE", None)
