"""The cookies of one virtual user: httpx's jar (http.cookiejar), made when the first cookie comes."""

import httpx

from postflight.load.engine.received import Received


class Cookies:
    """What one user's browser would keep. No two users share one."""

    def __init__(self) -> None:
        self._jar = httpx.Cookies()

    def learn(self, url: str, answer: Received) -> None:
        """Keep what an answer sets."""
        self._jar.extract_cookies(
            httpx.Response(answer.status, headers=answer.raw_headers, request=httpx.Request("GET", url))
        )

    def header(self, url: str) -> str:
        """Return the `Cookie` header for an address; empty for none."""
        asking = httpx.Request("GET", url)
        self._jar.set_cookie_header(asking)
        return str(asking.headers.get("cookie", ""))
