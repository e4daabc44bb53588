"""Names that a response declares for reports, which `report-to` may name. Reporting API 3.1; the older Report-To."""

import json
from collections.abc import Iterable

import http_sf


def declared_endpoints(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the names in Reporting-Endpoints (a dictionary) and Report-To (JSON). A broken header declares nothing."""
    pairs = [(name.strip().lower(), value) for name, value in headers]
    joined = {name: ", ".join(value for key, value in pairs if key == name) for name, _ in pairs}
    return _from_dictionary(joined.get("reporting-endpoints", "")) | _from_json(joined.get("report-to", ""))


def _from_dictionary(text: str) -> frozenset[str]:
    try:
        parsed = http_sf.parse(text.encode("latin-1", "replace"), tltype="dictionary")
    except http_sf.StructuredFieldError:
        return frozenset()
    return frozenset(parsed) if isinstance(parsed, dict) else frozenset()


def _from_json(text: str) -> frozenset[str]:
    try:
        groups = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        return frozenset()
    named = (group.get("group", "default") for group in groups if isinstance(group, dict))
    return frozenset(name for name in named if isinstance(name, str))
