"""Every id of a change, and what to do about it. Ids of schemas exist twice: `request-...` and `response-...`."""

from collections.abc import Iterator

# What happened to a keyword, after its name in kebab-case.
_BOUNDS = ("set", "unset", "increased", "decreased")
_STATES = ("set", "unset", "changed")

BOUNDS = {  # keyword -> whether it is a lower bound
    "minLength": True, "maxLength": False, "minItems": True, "maxItems": False,
    "minProperties": True, "maxProperties": False,
    "minimum": True, "maximum": False, "exclusiveMinimum": True, "exclusiveMaximum": False,
}  # fmt: skip
DEMANDS = (
    "pattern", "format", "multipleOf", "uniqueItems", "not", "if", "then", "else", "contains", "minContains",
    "maxContains", "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedItems",
    "unevaluatedProperties", "contentEncoding", "contentMediaType", "contentSchema",
)  # fmt: skip

_SUFFIXES = {
    "type-changed": "Keep the old type and add a new field for the new one.",
    "type-narrowed": "Keep all types that were there.",
    "type-widened": "Add a new field for the new type.",
    "became-nullable": "Leave the field out instead of null, or add a new one.",
    "became-not-nullable": "Take null as if the field were left out.",
    "became-enum": "Accept all values as before, and judge them in the code.",
    "enum-removed": "List all values that occur.",
    "enum-value-added": "Old clients do not know it: send it only to those that ask for it.",
    "enum-value-removed": "Accept the old values for as long as clients send them.",
    "extensible-enum-value-removed": "Accept the old values for as long as clients send them.",
    "property-removed": "Keep it, deprecated, until nobody uses it.",
    "required-property-added": "Make it optional, with a default that keeps the old behaviour.",
    "optional-property-added": "Let the schema allow other properties before it gets new ones.",
    "property-became-required": "Keep it optional, with a default that keeps the old behaviour.",
    "property-became-optional": "Go on sending it always.",
    "property-became-read-only": "Accept it for as long as clients send it.",
    "property-became-not-read-only": "Say what its absence means, and keep it optional.",
    "property-became-write-only": "Go on sending it.",
    "property-became-not-write-only": "Let clients ask for it.",
    "additional-properties-closed": "Go on accepting properties that are not declared.",
    "additional-properties-opened": "Declare the new properties.",
    "additional-properties-restricted": "Go on accepting any value there.",
    "additional-properties-relaxed": "Keep what was said of undeclared properties.",
    "pattern-property-added": "Accept the names that match as before.",
    "pattern-property-removed": "Keep what was said of these names.",
    "prefix-items-added": "Put new elements into an object instead.",
    "prefix-items-removed": "Keep the elements and their order.",
    "one-of-set": "Keep what was accepted as one of the alternatives.",
    "one-of-unset": "Keep the alternatives.",
    "one-of-branch-added": "Old clients do not know it: send it only to those that ask for it.",
    "one-of-branch-removed": "Keep the alternative, deprecated, until nobody uses it.",
    "any-of-set": "Keep what was accepted as one of the alternatives.",
    "any-of-unset": "Keep the alternatives.",
    "any-of-branch-added": "Old clients do not know it: send it only to those that ask for it.",
    "any-of-branch-removed": "Keep the alternative, deprecated, until nobody uses it.",
    "discriminator-added": "Accept objects without that property.",
    "discriminator-removed": "Keep it: clients choose their types by it.",
    "discriminator-changed": "Keep the property by which clients choose their types.",
    "discriminator-mapping-added": "Old clients do not know it: send it only to those that ask for it.",
    "discriminator-mapping-removed": "Keep the name: clients choose their types by it.",
    "discriminator-mapping-changed": "Keep what the name stands for; add a new one.",
    "default-added": "Check that calls without it still mean the same.",
    "default-changed": "Keep the old default: calls without a value mean something else now.",
    "default-removed": "Keep the old default: calls without a value mean something else now.",
    "property-deprecated": "",
    "property-reactivated": "",
    "does-not-fit": "Compare the two schemas by hand: the example was valid, and is not any more.",
    "cannot-tell": "Compare the two schemas by hand: neither a proof nor a counterexample was found.",
}
_WHOLE = {
    "path-removed": "Keep the path, deprecated and with a sunset date, until nobody uses it.",
    "operation-removed": "Keep the operation, deprecated and with a sunset date, until nobody uses it.",
    "operation-removed-before-sunset": "Keep the operation until the day that was announced.",
    "operation-removed-after-sunset": "",
    "operation-added": "",
    "operation-deprecated": "",
    "operation-reactivated": "",
    "operation-id-changed": "Keep the name: generated clients call the operation by it.",
    "tag-added": "",
    "tag-removed": "",
    "sunset-unreadable": "Write the day as 2030-12-31.",
    "sunset-removed": "Keep the day that was announced, or say that the operation stays (deprecated: false).",
    "sunset-earlier": "Keep the day that was announced, or a later one.",
    "sunset-later": "",
    "sunset-missing": "Say until when it stays: x-sunset: 2030-12-31.",
    "stability-decreased": "Keep what was promised: clients rely on it.",
    "stability-increased": "",
    "parameter-removed": "Keep accepting it; deprecate it first.",
    "required-parameter-added": "Make it optional, with a default that keeps the old behaviour.",
    "optional-parameter-added": "",
    "parameter-became-required": "Keep it optional, with a default that keeps the old behaviour.",
    "parameter-became-optional": "",
    "parameter-deprecated": "",
    "parameter-reactivated": "",
    "parameter-serialization-changed": "Keep style and explode: old clients write the value as before.",
    "request-body-added-required": "Make the body optional.",
    "request-body-added-optional": "",
    "request-body-removed": "Accept and ignore the body that clients send.",
    "request-body-became-required": "Keep the body optional.",
    "request-body-became-optional": "",
    "request-media-type-added": "",
    "request-media-type-removed": "Keep accepting the type.",
    "request-encoding-changed": "Keep how the parts of the body are written.",
    "response-success-status-removed": "Keep answering with it.",
    "response-success-status-added": "Answer old calls as before; old clients do not know the new status.",
    "response-error-status-removed": "",
    "response-error-status-added": "",
    "response-media-type-added": "Answer with the old type unless a client asks for the new one.",
    "response-media-type-removed": "Keep answering with it.",
    "response-body-removed": "Keep answering with a body.",
    "response-header-added": "",
    "response-header-removed": "Keep sending it.",
    "response-header-became-optional": "Go on sending it always.",
    "response-header-became-required": "",
    "response-link-removed": "Keep the link.",
    "security-required": "Let calls without credentials through, or announce the change.",
    "security-tightened": "Keep accepting the credentials that were accepted.",
    "security-scope-added": "Accept tokens with the old scopes.",
    "security-loosened": "",
    "security-scheme-changed": "Keep the old scheme beside the new one.",
    "security-address-changed": "Keep the old address working: clients have it in their settings.",
    "security-scope-unavailable": "Keep issuing the scope.",
    "server-added": "",
    "server-removed": "Keep the address working.",
    "webhook-added": "",
    "webhook-removed": "Keep calling it until nobody listens.",
    "callback-added": "",
    "callback-removed": "Keep calling it until nobody listens.",
    "version-decreased": "Publish under a version that is higher than the last one.",
    "major-version-not-raised": "",
}


def kebab(keyword: str) -> str:
    """`maxLength` -> `max-length`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in keyword)


def ids() -> Iterator[str]:
    """Yield every id there is."""
    yield from _WHOLE
    for direction in ("request", "response"):
        yield from (f"{direction}-{suffix}" for suffix in _SUFFIXES)
        yield from (f"{direction}-{kebab(keyword)}-{verb}" for keyword in BOUNDS for verb in _BOUNDS)
        yield from (f"{direction}-{kebab(keyword)}-{verb}" for keyword in DEMANDS for verb in _STATES)


def remedy_of(name: str) -> str:
    """Return what to do about a change. Raises `KeyError` for an id that is not in the catalogue."""
    if name in _WHOLE:
        return _WHOLE[name]
    direction, _, suffix = name.partition("-")
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if name not in _KEYWORD_IDS:
        raise KeyError(name)
    if direction == "request":
        return "Accept what was accepted before; add a new field for what is stricter."
    return "Send only what was promised before; add a new field for what is more."


_KEYWORD_IDS = frozenset(ids())
