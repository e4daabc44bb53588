"""Placeholder: the API's document arrives with the pages."""


def document(base_url: str) -> dict[str, object]:
    """Return an OpenAPI 3.1 document without paths."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Velocity", "version": "1.4.2"},
        "servers": [{"url": base_url}],
        "paths": {},
    }
