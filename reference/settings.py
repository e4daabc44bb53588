"""What a person chooses when starting the reference platform, and what never changes."""

from dataclasses import dataclass

from reference.faults import Fault
from reference.headers import Tier

RELEASE = "1.4.2"
ENVIRONMENT = "local"
REGIONS = ("iad", "sfo", "lhr")

MAX_BODY = 1024 * 1024  # bytes of one request body or one realtime message
MAX_FILE = 256 * 1024  # characters of one project file
MAX_FILES = 100  # files of one project
FILE_PATH = r"^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$"  # relative, and never upwards

IDLE_TIMEOUT = 1800  # seconds; both the default and the longest


@dataclass(frozen=True, slots=True)
class Settings:
    """How to start. `pool` is the number of previews that may live at once; `database` a server to borrow, or None.

    `next_release` is the version that waits beside `release`, with faults of its own, to be switched to; None: nothing
    waits. `switch_lasts` is how many seconds a planted way of switching badly lasts.
    """

    faults: frozenset[Fault] = frozenset()
    tier: Tier = "baseline"
    tls: bool = False
    pool: int = 5
    database: str | None = None
    until_stdin_closes: bool = False
    release: str = RELEASE
    next_release: str | None = None
    next_faults: frozenset[Fault] = frozenset()
    switch_lasts: float = 0.5
