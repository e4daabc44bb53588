"""Supabase's own realtime client, as the platform's front end and its containers use it (R 5.2)."""

import time

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
