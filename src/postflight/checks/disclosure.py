"""What a body tells of the inside: tracebacks, places in the source, errors of the database (OWASP ASVS 7.4)."""

import re
from collections.abc import Iterator

from postflight.checks.headers.finding import HeaderFinding, Severity

MAX_TEXT = 200_000  # characters that are looked at
_AROUND = 80  # characters that are shown
_FIX = "Answer errors with a code and a sentence, and write the rest to the log."
_PATTERNS = {
    "error-traceback": re.compile(
        r"Traceback \(most recent call last\)"
        r"|\bFile \\?\"[^\"\n]{1,200}\", line \d+"
        r"|\n\s+at \S{1,200} ?\(?[^()\n]{1,200}:\d+(?::\d+)?\)?"
        r"|\bat [\w.$<>]{1,200}\([\w$]+\.(?:java|kt|scala):\d+\)"
        r"|\bgoroutine \d+ \[running\]"
        r"|\bFatal error: [^\n]{1,200} on line \d+"
    ),
    "error-database": re.compile(
        r"\bSQLSTATE\b|\bsyntax error at or near\b|\bpsycopg2?\.|\bPrismaClient\w*Error|\bORA-\d{5}\b"
        r"|\byou have an error in your SQL syntax",
        re.IGNORECASE,
    ),
    "error-source-path": re.compile(
        r"(?:/(?:app|home|opt|root|srv|usr|var|workspace)(?:/[\w.@-]{1,100}){1,20}|[A-Z]:\\[\w\\.-]{3,200})"
        r"\.(?:cs|go|java|js|jsx|mjs|php|py|rb|ts|tsx)\b"
    ),
}


def find(body: str) -> Iterator[HeaderFinding]:
    """Yield at most one finding of each kind."""
    text = body[:MAX_TEXT].replace("\\n", "\n")  # JSON writes its line breaks so
    for code, pattern in _PATTERNS.items():
        if found := pattern.search(text):
            shown = " ".join(text[found.start() : found.start() + _AROUND].split())
            yield HeaderFinding(
                code,
                Severity.HIGH,
                "Body",
                shown,
                "The answer tells how the service is built inside.",
                _FIX,
                ("P13-X5",),
            )
