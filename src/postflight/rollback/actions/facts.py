"""What adapters tell whoever acts for them."""

import hashlib

from postflight.rollback.model import Case


def key_of(case: Case, name: str) -> str:
    """Return the idempotency key of an action: the same for one release and action, whoever sends it, and when."""
    text = f"{case.platform}\n{case.environment}\n{case.release}\n{name}"
    return f"postflight-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def facts_of(case: Case, key: str) -> dict[str, str]:
    """Return what a receiver needs to know, as texts."""
    return {
        "key": key,
        "platform": case.platform,
        "environment": case.environment,
        "release": case.release,
        "base_url": case.base_url,
        "trigger": case.trigger,
        "do": case.do.value,
        "severity": case.severity.value,
        "run": case.run_id,
        "reason": "; ".join(case.reasons)[:1000],
    }
