"""The id of a run: in its reports, its requests, and the names of all that it creates."""

import secrets
from datetime import UTC, datetime

RUN_ID_VARIABLE = "POSTFLIGHT_RUN_ID"  # given by `postflight gate`, so that it knows the documents of its stages


def new_run_id() -> str:
    """Return a fresh id: sortable by time, and short enough to be part of a name."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
