"""Placeholder: the security headers by tier arrive with the pages."""


def security_headers(
    tier: str,
    *,
    nonce: str,
    tls: bool,
    content_type: str,
    orchestrator: str,
    realtime: str,
    preview_sources: str,
    report_url: str,
) -> list[tuple[str, str]]:
    """Return the two headers that need no thought."""
    return [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")]
