"""Generated policies, URLs and origins: hostile enough to find differences, related enough to match now and then."""

import base64
import hashlib
import re
from random import Random

HOSTS = ("app.test", "a.test", "b.a.test", "c.b.a.test", "xa.test", "test", "10.1.2.3", "a-b.test")
SELVES = (
    "http://app.test",
    "https://app.test",
    "http://app.test:8080",
    "https://app.test:8443",
    "http://a.test",
    "https://b.a.test",
    "http://10.1.2.3",
    "https://app.test:444",
)
PATHS = (
    "",
    "/",
    "/x",
    "/x/",
    "/x/y.js",
    "/x/y/",
    "/X",
    "/x%2Fy.js",
    "/%78",
    "/x%20y",
    "/%C3%BC",
    "/%FF",
    "/%FE",
    "/x/../x",
    "/x//y",
    "/x;y",
)
PORTS = ("", ":80", ":443", ":8080", ":8443", ":444", ":*", ":99999", ":00080", ":")
SCHEMES = ("", "http://", "https://", "ws://", "wss://", "HTTPS://", "ftp://", "foo://", "://", "//", "1x://")
KEYWORDS = """
'self' 'SELF' 'none' 'unsafe-inline' 'unsafe-eval' 'strict-dynamic' 'unsafe-hashes' 'report-sample' 'wasm-unsafe-eval' *
'nonce-R4nd0mR4nd0m' 'nonce-other123' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
""".split()  # noqa: SIM905 - reads better
WORDS = """
http: https: ws: wss: data: blob: filesystem: foo: HTTPS: : self none 'self *. *.* ** *:* *:443 *:80 http://* https://*
https://*:8443 http://*:* */x *.*.test a.*.test *a.test [::1] http://[::1] a_b.test .a.test a..test a.test. *.a.test.
a.test?x a.test#x a.test/x?q a.test/x#f https://user@a.test 'nonce-%N%' 'nonce-' 'sha256-x' script-src http:/a.test
http:///x https:a.test "a.test" 'none'x http://a.test:80:80 a.test:8080/x/ A.TEST b.A.tEsT/x https://a.test:80
http://a.test:443 a.test:443 a.test:80 a.test:443/x http://a.test:8443 ws://a.test wss://a.test:8443 //a.test ://a.test
""".split()  # noqa: SIM905 - reads better


def source(random: Random) -> str:
    """Draw one source expression, mostly a host."""
    roll = random.random()
    if roll < 0.22:
        return random.choice(KEYWORDS)
    if roll < 0.42:
        return random.choice(WORDS)
    scheme = random.choice(SCHEMES) if random.random() < 0.45 else ""
    star = random.choice(("", "", "*."))
    port = random.choice(PORTS) if random.random() < 0.4 else ""
    path = random.choice(PATHS) if random.random() < 0.4 else ""
    return f"{scheme}{star}{random.choice(HOSTS)}{port}{path}"


def source_list(random: Random, most: int = 4) -> str:
    """Draw a directive's values; one time in twenty there are none."""
    if random.random() < 0.05:
        return ""
    return " ".join(source(random) for _ in range(random.randint(1, most)))


def url(random: Random, number: int, schemes: tuple[str, ...] = ("http", "https", "ws", "wss")) -> str:
    """Draw a URL that carries its number, so that a violation can be told from others."""
    port = random.choice(("", "", "", ":80", ":443", ":8080", ":8443", ":444"))
    return f"{random.choice(schemes)}://{random.choice(HOSTS)}{port}{random.choice(PATHS)}?k={number}"


_HOST_SOURCE = re.compile(r"(?:[a-zA-Z]+://)?(\*\.)?((?:[a-z0-9-]+\.)*[a-z0-9-]+)(:\d{2,4})?(/[^?#]*)?(?:[?#].*)?")


def near(random: Random, policy: str, self_origin: str, number: int, schemes: tuple[str, ...]) -> str:
    """Draw a URL near one of a policy's hosts, so that scheme, port and path decide and not only the host."""
    words = [self_origin if word.lower() == "'self'" else word for word in policy.split()]
    found = [match for word in words if (match := _HOST_SOURCE.fullmatch(word)) and match[2] in HOSTS]
    if not found:
        return url(random, number, schemes)
    star, host, port, path = random.choice(found).groups(default="")
    name = f"b.{host}" if star and not host[0].isdigit() else host
    port = random.choice((port, port, "", ":8080", ":80", ":443"))
    path = random.choice((path, path + "y", path.replace("FF", "FE"), "/x/y.js"))
    return f"{random.choice(schemes)}://{name}{port}{path if path.startswith('/') else '/' + path}?k={number}"


def sha256(text: str) -> str:
    """Return the hash expression for inline text, computed apart from the library that is being tested."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
