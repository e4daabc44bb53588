"""What every run decided, measured and was about, in a small SQLite file: for baselines, success rates and audit.

A run goes in at its end and is never changed. A history that cannot be written or read never changes a verdict.
"""

from postflight.history.database import History
from postflight.history.model import Entry, Series, summarise
from postflight.history.schema import HistoryUnavailable

__all__ = ["Entry", "History", "HistoryUnavailable", "Series", "summarise"]
