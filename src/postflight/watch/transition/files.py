"""The account of a switch as files, for machines: what can be said of it, and every request.

`during-deploy.json` holds the counts by version, the windows of downtime and the change of versions. Each line of
`during-deploy-requests.jsonl` is one request: `[at, seconds, end, version, said]`, in the order in which they were due.
"""

import json
from dataclasses import asdict
from pathlib import Path

from postflight.redact import Redactor
from postflight.watch.transition.account import Account, Window
from postflight.watch.transition.strip import strip

SUMMARY, REQUESTS = "during-deploy.json", "during-deploy-requests.jsonl"
MOST_WINDOWS = 1000  # that are written out; the requests tell of all


def write(folder: Path, account: Account, *, run_id: str, redactor: Redactor) -> None:
    """Write both files. Text from the target goes through the redactor."""
    with (folder / REQUESTS).open("w", encoding="utf-8") as file:
        for visit in account.visits:
            line = [round(visit.at, 6), round(visit.seconds, 6), visit.end, visit.version, visit.said]
            file.write(redactor.text(json.dumps(line)) + "\n")
    told = json.dumps(summary(account) | {"run_id": run_id}, indent=2)
    (folder / SUMMARY).write_text(redactor.text(told) + "\n", encoding="utf-8")


def summary(account: Account) -> dict[str, object]:
    """Return all that can be said of the requests, without the requests. Times in seconds."""
    return {
        "version": 1,
        "sent": account.sent,
        "measured": account.measured,
        "bad": account.bad,
        "availability": account.availability,
        "by_version": {version or "(none)": dict(counts) for version, counts in account.by_version.items()},
        "windows": [_window(window) for window in account.windows[:MOST_WINDOWS]],
        "windows_in_all": len(account.windows),
        "change": asdict(account.change) | {"mixed": account.change.mixed} if account.change else None,
        "troubles": [asdict(trouble) for trouble in account.troubles],
        "strip": strip(account),
    }


def _window(window: Window) -> dict[str, object]:
    return asdict(window) | {"at_least": window.at_least, "at_most": window.at_most}
