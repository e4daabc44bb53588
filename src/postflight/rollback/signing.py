"""Signed webhooks: Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).

`webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; the key is the base64 behind
`whsec_`. A receiver that has seen a `webhook-id` before does nothing again.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from postflight.errors import ConfigError
from postflight.model import Secret

PREFIX = "whsec_"


def signing_key(secret: Secret) -> bytes:
    """Return the bytes of a webhook's secret. Raises `ConfigError` for one that is not written as the standard says."""
    try:
        key = base64.b64decode(secret.reveal().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ConfigError(
            f"{secret} is no secret of Standard Webhooks: {PREFIX} and the base64 of 24 to 64 bytes;"
            " make one with: echo whsec_$(openssl rand -base64 32)"
        )
    return key


def signed_headers(key: bytes, *, webhook_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the three headers. `timestamp` is in seconds since 1970."""
    content = b".".join((webhook_id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}
