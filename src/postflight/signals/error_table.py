"""The platform's table of errors in PostgreSQL, read only: errors per second, a gauge.

Columns `timestamp` and `severity` (P 3.1). The window is on the database's clock, so that no row is lost between two
clocks; if that clock and ours disagree, nobody knows which block an error belongs to, and the block is missing.
"""

import asyncio
from typing import LiteralString

import psycopg
from psycopg import sql

from postflight.model import Secret
from postflight.redact import Redactor
from postflight.signals.clock import Clock
from postflight.signals.reading import Missing, Reading, Span

CLOCK_TOLERANCE = 2.0  # seconds
GAUGE = "logged_errors"  # the trigger that it feeds
_DEADLINE = 3  # seconds, for the connection and again for the query
_READ_ONLY = f"-c default_transaction_read_only=on -c statement_timeout={_DEADLINE}s"
_COUNT: LiteralString = """
    select count(*), extract(epoch from clock_timestamp())::float8
    from {table}
    where "timestamp" > clock_timestamp() - make_interval(secs => %s) and severity in ('error', 'critical')
"""


class ErrorTable:
    """Counts the rows of each block."""

    def __init__(self, database_url: Secret, table: str, *, clock: Clock, redactor: Redactor) -> None:
        """`table` may name its schema: `monitoring.error_log`. `database_url` should be of a role that only reads."""
        self._url = database_url
        self._query = sql.SQL(_COUNT).format(table=sql.Identifier(*table.split(".")))
        self._clock = clock
        self._redactor = redactor

    async def read(self, span: Span) -> Reading:
        """Return errors per second in this block, once it is over."""
        await self._clock.sleep_until(span.end)
        value = await self._rate(span.end - span.start)
        notes = (f"error table: {value.reason}",) if isinstance(value, Missing) else ()
        return Reading(gauges={GAUGE: value}, notes=notes)

    async def _rate(self, seconds: float) -> float | Missing:
        try:
            async with asyncio.timeout(2 * _DEADLINE):
                async with await psycopg.AsyncConnection.connect(
                    self._url.reveal(), connect_timeout=_DEADLINE, options=_READ_ONLY
                ) as connection:
                    row = await (await connection.execute(self._query, [seconds])).fetchone()
        except TimeoutError:
            return Missing(f"the error table gave no answer within {2 * _DEADLINE} s ({self._url})")
        except psycopg.Error as error:
            said = str(error).strip().partition("\n")[0]
            return Missing(self._redactor.text(f"the error table cannot be read ({self._url}): {said}"))
        if row is None:
            return Missing("the error table gave no count")
        errors, theirs = row
        apart = theirs - self._clock.wall()
        if abs(apart) > CLOCK_TOLERANCE:
            return Missing(f"the clocks of the database and of this runner are {abs(apart):.1f} s apart (NTP?)")
        return float(errors / seconds)
