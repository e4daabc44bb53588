"""Set-Cookie as browsers read it, and what is wrong with it.

The parser is RFC 6265bis 5.6 itself, a page of code. No kept library gives it: `http.cookies` rejects a whole header
for one attribute that it does not know, `http.cookiejar` drops nameless cookies and keeps what browsers refuse, and
the parsers of Werkzeug and aiohttp are private. Values of cookies never leave this module.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from publicsuffixlist import PublicSuffixList

from postflight.checks.headers import hsts
from postflight.checks.headers.answer import HttpAnswer, is_address
from postflight.checks.headers.finding import HeaderFinding, Severity

NAME = "Set-Cookie"
MAX_PAIR = 4096  # bytes of name and value
MAX_ATTRIBUTE = 1024
MAX_AGE = 400 * 86400  # seconds; browsers shorten what is longer

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SESSION = re.compile(r"sess|sid$|^sid|auth|token|login|jwt|remember|identity", re.IGNORECASE)
_CSRF = re.compile(r"csrf|xsrf", re.IGNORECASE)
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*\Z")
_NUMBER = re.compile(r"-?\d{1,18}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One cookie as sent. `domain` is empty for a cookie of this host only; `same_site` is None if not given."""

    name: str
    value: str = field(repr=False)
    domain: str = ""
    path: str = ""  # empty: the request's directory
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None  # in lower case, known or not
    max_age: int | None = None  # seconds

    @property
    def is_csrf(self) -> bool:
        """Whether it looks like a double-submit token, which scripts must be able to read."""
        return bool(_CSRF.search(self.name))

    @property
    def is_session(self) -> bool:
        """Whether it looks like a credential, by its name or because its value is a JWT."""
        return not self.is_csrf and bool(_SESSION.search(self.name) or _JWT.match(self.value))

    def __str__(self) -> str:
        """Return the cookie without its value."""
        words = [f"{self.name}=…"]
        words += [f"Domain={self.domain}"] if self.domain else []
        words += [f"Path={self.path}"] if self.path else []
        words += [word for word, there in (("Secure", self.secure), ("HttpOnly", self.http_only)) if there]
        words += [f"SameSite={self.same_site}"] if self.same_site is not None else []
        return "; ".join(words)


def parse(line: str) -> SetCookie | str:
    """Return the cookie of one header line, or why browsers drop the line (RFC 6265bis 5.6)."""
    if _CONTROL.search(line):
        return "it holds a control character"
    pair, *attributes = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(" \t"), value.strip(" \t")
    if not name and not value:
        return "it has neither name nor value"
    if len((name + value).encode("utf-8", "surrogatepass")) > MAX_PAIR:
        return f"name and value are longer than {MAX_PAIR} bytes"
    seen = dict(_attribute(part) for part in attributes)  # of a doubled attribute the last counts
    age = seen.get("max-age", "")
    return SetCookie(
        name=name,
        value=value,
        domain=seen.get("domain", "").removeprefix(".").lower(),
        path=path if (path := seen.get("path", "")).startswith("/") else "",
        secure="secure" in seen,
        http_only="httponly" in seen,
        same_site=seen["samesite"].lower() if "samesite" in seen else None,
        max_age=int(age) if _NUMBER.match(age) else None,
    )


def why_rejected(cookie: SetCookie, answer: HttpAnswer) -> str:
    """Return why browsers refuse to store the cookie (RFC 6265bis 5.7), or an empty string."""
    if cookie.secure and not answer.trustworthy:
        return "Secure was set over plain HTTP"
    if cookie.same_site == "none" and not cookie.secure:
        return "SameSite=None needs Secure"
    return _broken_prefix(cookie, answer) or _foreign_domain(cookie, answer.host)


def find(answer: HttpAnswer) -> Iterator[HeaderFinding]:
    """Yield what is wrong with each cookie that the answer sets."""
    names: set[tuple[str, str, str]] = set()
    for line in answer.values(NAME):
        cookie = parse(line)
        if isinstance(cookie, str):
            yield _say(
                "cookie-dropped",
                Severity.MEDIUM,
                line.partition("=")[0][:80] if "=" in line else "",  # without a name it would be the value
                f"Browsers drop it: {cookie}.",
                "Send `name=value; Secure; HttpOnly; SameSite=Lax; Path=/`.",
            )
            continue
        key = (cookie.name, cookie.domain, cookie.path)
        if key in names:
            yield _say(
                "cookie-duplicate",
                Severity.LOW,
                str(cookie),
                "The answer sets it twice; the last one stays.",
                "Set it once.",
            )
        names.add(key)
        yield from _find_one(cookie, answer)


def _find_one(cookie: SetCookie, answer: HttpAnswer) -> Iterator[HeaderFinding]:
    why = why_rejected(cookie, answer)
    if why:
        # never milder: an application whose cookie is not stored is broken, or falls back to something worse
        yield _say(
            "cookie-rejected",
            Severity.HIGH,
            str(cookie),
            f"Browsers do not store it: {why}.",
            "Mend the attribute, or the name's prefix.",
        )
    yield from _find_transport(cookie, answer)
    yield from _find_cross_site(cookie)
    if cookie.is_session and not cookie.http_only:
        yield _say(
            "cookie-no-httponly",
            Severity.HIGH,
            str(cookie),
            "Any script on the page can read this credential.",
            "Add HttpOnly.",
        )
    if cookie.is_session and cookie.domain:
        yield _say(
            "cookie-broad-domain",
            Severity.LOW,
            str(cookie),
            f"Every host under {cookie.domain} receives this credential.",
            "Leave Domain out; name it with the prefix __Host-.",
        )
    if cookie.max_age is not None and cookie.max_age > MAX_AGE:
        yield _say(
            "cookie-long-lived",
            Severity.INFO,
            str(cookie),
            "Browsers shorten Max-Age to 400 days.",
            "Ask for 400 days at most.",
        )


def _find_transport(cookie: SetCookie, answer: HttpAnswer) -> Iterator[HeaderFinding]:
    if cookie.secure or (answer.trustworthy and not answer.https):  # loopback has no wire to listen on
        return
    severity = Severity.HIGH if cookie.is_session else Severity.MEDIUM
    if not answer.https:
        yield _say(
            "cookie-over-http",
            severity,
            str(cookie),
            "It is set over plain HTTP: whoever listens has it.",
            "Serve the site over HTTPS, and add Secure.",
        )
        return
    policy = hsts.effective(answer)
    if policy and policy.max_age >= hsts.HALF_YEAR:
        severity = severity.milder
    yield _say(
        "cookie-not-secure",
        severity,
        str(cookie),
        "Browsers also send it over plain HTTP" + (", which only HSTS prevents." if policy else "."),
        "Add Secure.",
    )


def _find_cross_site(cookie: SetCookie) -> Iterator[HeaderFinding]:
    guarded = cookie.is_session or cookie.is_csrf
    fix = "Add SameSite=Lax, or Strict."
    if cookie.same_site is None:
        yield _say(
            "cookie-no-samesite",
            Severity.MEDIUM if guarded else Severity.INFO,
            str(cookie),
            "Safari and Firefox send it with requests from other sites (only Chromium assumes Lax).",
            fix,
        )
    elif cookie.same_site not in {"lax", "strict", "none"}:
        yield _say(
            "cookie-samesite-invalid",
            Severity.MEDIUM,
            str(cookie),
            "Browsers do not know this value of SameSite, and use their default.",
            fix,
        )
    elif cookie.same_site == "none" and guarded:
        yield _say(
            "cookie-samesite-none",
            Severity.MEDIUM,
            str(cookie),
            "Other sites' requests carry it: forged requests are possible.",
            fix,
        )


def _attribute(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    name, value = name.strip(" \t").lower(), value.strip(" \t")
    return (name, value) if len(value) <= MAX_ATTRIBUTE else ("", "")  # a longer one is ignored


def _broken_prefix(cookie: SetCookie, answer: HttpAnswer) -> str:
    """Return the rule of its name's prefix that the cookie breaks. Browsers compare prefixes in any case."""
    name = cookie.name.lower()
    if not name and cookie.value.lower().startswith(("__secure-", "__host-", "__http-")):
        return "it has no name, and a value that looks like a prefixed name"
    if not name.startswith(("__secure-", "__host-", "__http-")):
        return ""
    prefix = cookie.name[: cookie.name.index("-") + 1]
    if not (cookie.secure and answer.trustworthy):
        return f"the prefix {prefix} needs Secure"
    if name.startswith("__host-") and (cookie.domain or cookie.path != "/"):
        return f"the prefix {prefix} needs Path=/ and no Domain"
    if name.startswith(("__http-", "__host-http-")) and not cookie.http_only:
        return "the prefix with Http- needs HttpOnly"
    return ""


def _foreign_domain(cookie: SetCookie, host: str) -> str:
    if not cookie.domain or cookie.domain == host:
        return ""
    if is_address(host) or not host.endswith(f".{cookie.domain}"):
        return f"Domain={cookie.domain} does not cover {host}"
    if _suffixes().is_public(cookie.domain):
        return f"Domain={cookie.domain} is a public suffix: strangers own hosts under it"
    return ""


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _say(code: str, severity: Severity, value: str, message: str, remedy: str) -> HeaderFinding:
    return HeaderFinding(code, severity, NAME, value, message, remedy)
