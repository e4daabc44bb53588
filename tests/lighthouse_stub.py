"""A stand-in for Lighthouse: an executable that takes its arguments and writes reports of its form.

The document has the fields that Lighthouse 13.5 writes, of which most are left out; tests/e2e/test_lighthouse_npm.py
holds the real one against the same code.
"""

import json
import sys
from pathlib import Path
from typing import Any

SCRIPT = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
turn = len(list(folder.glob("asked-*")))
(folder / f"asked-{{turn}}").write_text(json.dumps([sys.argv[1:], os.environ.get("CHROME_PATH")]))
answers = json.loads((folder / "answers.json").read_text())
document = answers[min(turn, len(answers) - 1)]
document["finalDisplayedUrl"] = document["finalDisplayedUrl"] or sys.argv[1]
path = next(a.partition("=")[2] for a in sys.argv if a.startswith("--output-path="))
pathlib.Path(path + ".report.json").write_text(json.dumps(document))
pathlib.Path(path + ".report.html").write_text("<!doctype html><title>Lighthouse</title>")
sys.exit(1 if document.get("runtimeError") else 0)
"""


def document(score: float | None, **more: Any) -> dict[str, Any]:
    """A report with this score, from 0 to 1. `finalDisplayedUrl` is the one that was asked for unless it is given."""
    audits = {
        "largest-contentful-paint": ("Largest Contentful Paint", 25, 0.97, "1.2 s"),
        "total-blocking-time": ("Total Blocking Time", 30, 0.2, "1,210 ms"),
        "speed-index": ("Speed Index", 10, 1, "0.9 s"),
    }
    return {
        "lighthouseVersion": "13.5.0",
        "requestedUrl": "http://shop.example/",
        "finalDisplayedUrl": "",
        "gatherMode": "navigation",
        "runWarnings": [],
        "audits": {name: {"title": a[0], "score": a[2], "displayValue": a[3]} for name, a in audits.items()}
        | {"cache-insight": {"title": "Use efficient cache lifetimes", "score": None}},
        "categories": {
            "performance": {
                "score": score,
                "auditRefs": [{"id": name, "weight": a[1]} for name, a in audits.items()]
                + [{"id": "cache-insight", "weight": 0}],
            }
        },
    } | more


def stand_in(folder: Path, *documents: dict[str, Any]) -> Path:
    """Write an executable to an empty folder that answers with these reports in turn, the last one ever after."""
    (folder / "answers.json").write_text(json.dumps(documents))
    return executable(folder / "lighthouse", SCRIPT.format(python=sys.executable, folder=str(folder)))


def asked(folder: Path) -> list[tuple[list[str], str]]:
    """What it was asked, in order: arguments, and the browser."""
    files = sorted(folder.glob("asked-*"), key=lambda path: int(path.name.partition("-")[2]))
    return [tuple(json.loads(path.read_text())) for path in files]


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path
