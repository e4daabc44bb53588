"""Laws of HTTP that clients, caches and proxies rely on (RFC 9110, RFC 9111)."""

from collections.abc import Iterator

from postflight.checks.invariants.exchange import Exchange, Violation

# not the length: two answers may differ by what they tell of the moment
_SAME = ("content-type", "content-language", "cache-control", "location", "vary")
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def match_get(get: Exchange, head: Exchange) -> Iterator[Violation]:
    """Demand that HEAD is answered as GET is, without the body (RFC 9110 9.3.2)."""
    if head.status != get.status:
        cause = f"HEAD of {get.request.path} answers {head.status}, and GET {get.status}"
        yield Violation("head-differs", cause, head, f"{get.status}", f"{head.status}")
        return
    if head.response.body:
        yield Violation("head-differs", f"HEAD of {get.request.path} has a body", head, "no body")
    for name in _SAME:
        one, other = head.response.header(name), get.response.header(name)
        if one != other:
            cause = f"HEAD of {get.request.path} has another {name} than GET"
            yield Violation("head-differs", cause, head, f"{name}: {other}", f"{name}: {one}")
            return


def allow_truly(exchange: Exchange, documented: frozenset[str]) -> Iterator[Violation]:
    """Demand that a method that is not there is refused with 405 and what is allowed instead (RFC 9110 15.5.6)."""
    method = exchange.request.method
    if exchange.status != 405:
        law = "crash" if exchange.status >= 500 else "method-taken" if exchange.status < 400 else "method-not-refused"
        cause = f"{exchange.name} is no operation of the contract, and answers {exchange.status}"
        yield Violation(law, cause, exchange, "405")
        return
    allow = exchange.response.header("allow")
    if allow is None:
        cause = f"405 for {exchange.name} does not say what is allowed: there is no Allow"
        yield Violation("allow-missing", cause, exchange, f"Allow: {', '.join(sorted(documented))}", "no Allow")
        return
    allowed = {one.strip().upper() for one in allow.split(",") if one.strip()}
    if method in allowed:
        yield Violation(
            "allow-wrong", f"405 for {exchange.name} allows {method} in Allow", exchange, f"no {method}", allow
        )
    elif unknown := allowed - documented - READING:
        cause = (
            f"Allow of {exchange.request.path} promises {', '.join(sorted(unknown))}, which the contract does not know"
        )
        yield Violation("allow-wrong", cause, exchange, ", ".join(sorted(documented)), allow)


def stay_private(exchange: Exchange) -> Iterator[Violation]:
    """Demand that what belongs to one user is kept by no shared cache (RFC 9111 3.5)."""
    said = (exchange.response.header("cache-control") or "").lower()
    words = {part.partition("=")[0].strip() for part in said.split(",")}
    if not words & {"no-store", "private"}:
        cause = f"{exchange.name} belongs to one user, and shared caches may keep its answer"
        yield Violation(
            "private-cached", cause, exchange, "Cache-Control: no-store or private", f"Cache-Control: {said}"
        )


def answer_programs(json: Exchange, page: Exchange | None = None) -> Iterator[Violation]:
    """Demand that who asks for JSON gets JSON, and that caches are told where `page`, for browsers, differs."""
    kind = (json.response.header("content-type") or "").partition(";")[0].strip().lower()
    if not (kind == "application/json" or kind.endswith("+json")):
        cause = f"{json.name} was asked for JSON and answers {kind or 'without a type'}: negotiation is broken"
        yield Violation("accept-ignored", cause, json, "application/json", kind)
    if page is None or page.response.header("content-type") == json.response.header("content-type"):
        return
    for one in (json, page):
        varies = {part.strip().lower() for part in (one.response.header("vary") or "").split(",")}
        if not varies & {"accept", "*"}:
            cause = f"{one.name} depends on Accept and does not say so to caches: there is no Vary: Accept"
            yield Violation("vary-missing", cause, one, "Vary: Accept", f"Vary: {one.response.header('vary')}")
            return
