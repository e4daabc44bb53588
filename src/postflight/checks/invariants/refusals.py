"""Laws of errors: one shape, nothing of the inside, and a refusal of the client's mistake is no crash of the server."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from postflight.checks import disclosure
from postflight.checks.invariants.exchange import Exchange, Violation
from postflight.flow import JSON

_SQL = ("insert into ", "select ", "update ", "delete from ", "violates check constraint", "duplicate key value")


def have_one_shape(errors: Sequence[Exchange]) -> Iterator[Violation]:
    """Demand that all errors are JSON of one shape: the same fields of the same types."""
    shapes = {id(one): _shape_of(one) for one in errors}
    counts = Counter(shape for shape in shapes.values() if shape)
    usual = counts.most_common(1)[0][0] if counts else ""
    for one in errors:
        shape = shapes[id(one)]
        if not shape:
            kind = one.response.header("content-type") or "nothing"
            cause = f"the answer {one.status} to {one.name} is no JSON, but {kind}"
            yield Violation("error-not-json", cause, one, "JSON")
        elif shape != usual:
            cause = f"the answer {one.status} to {one.name} has another shape than other errors"
            yield Violation("error-shape", cause, one, usual, shape)


def _shape_of(one: Exchange) -> str:
    """Write the shape of an error's body: `{error: {code: text, message: text}}`; nothing where it is no JSON."""
    kind = (one.response.header("content-type") or "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    return shape(one.json) if is_json and one.json is not None else ""


def shape(value: JSON) -> str:
    """Write what a value is made of, without what it says. Lists count by their first element."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {shape(value[key])}" for key in sorted(value)) + "}"
        case list():
            return f"[{shape(value[0]) if value else ''}]"
        case bool():
            return "truth value"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "null"


def keep_the_inside(errors: Sequence[Exchange]) -> Iterator[Violation]:
    """Demand that no error tells of source, stack or database."""
    for one in errors:
        for found in disclosure.find(one.response.text):
            cause = f"the answer {one.status} to {one.name} tells of the inside: {_KINDS.get(found.id, found.id)}"
            yield Violation(found.id, cause, one, "a code and a sentence", found.value)
            break
        else:
            said = one.response.text.lower()
            if statement := next((words for words in _SQL if words in said), None):
                cause = f"the answer {one.status} to {one.name} tells of the inside: a statement of SQL"
                yield Violation("error-database", cause, one, "a code and a sentence", statement)


_KINDS = {
    "error-traceback": "a stack trace",
    "error-database": "the database's SQL",
    "error-source-path": "a path in the source",
}


def be_refused(one: Exchange, what: str) -> Iterator[Violation]:
    """Demand that what breaks the contract is refused with a 4xx. `what` it is: "a name of 101 characters"."""
    if one.status >= 500:
        cause = f"{what} answers {one.status}: the client's mistake crashes the server"
        yield Violation("crash", cause, one, "400 to 499")
    elif one.status < 400:
        yield Violation("accepted", f"{what} is accepted, against the contract", one, "400 to 499")


def be_found_missing(one: Exchange, what: str) -> Iterator[Violation]:
    """Demand that what is not there is not found."""
    if one.status >= 500:
        yield Violation("crash", f"{what} answers {one.status}: the client's mistake crashes the server", one, "404")
    elif one.status != 404:
        yield Violation("missing-found", f"{what} answers {one.status}, though it is not there", one, "404")


def challenge(one: Exchange) -> Iterator[Violation]:
    """Demand that 401 says how to sign in (RFC 9110 11.6.1)."""
    if one.status == 401 and not one.response.header("www-authenticate"):
        cause = "401 without WWW-Authenticate: clients are not told how to sign in"
        yield Violation("no-challenge", cause, one, "WWW-Authenticate", "no such header")


def tell_alike(unknown: Exchange, wrong: Exchange) -> Iterator[Violation]:
    """Demand that an unknown address is answered like a wrong password: else addresses can be tried out."""
    for what, one, other in (
        ("status", unknown.status, wrong.status),
        ("body", unknown.response.text, wrong.response.text),
        ("headers", _names(unknown), _names(wrong)),
    ):
        if one != other:
            cause = f"sign-in tells who has an account: for an unknown address the {what} is another"
            yield Violation("user-enumeration", cause, unknown, f"{other}"[:200], f"{one}"[:200])
            return


def _names(one: Exchange) -> tuple[str, ...]:
    return tuple(sorted({name.lower() for name, _ in one.response.headers}))
