"""The files of one release beside those of the last: what has grown, what is new, what is gone.

Files are paired by names without content hashes (`names.stable`), and those that are left by what may be one. Sizes
are exact, so any growth is real; what is allowed is a share, and nothing below 1 KB is growth at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from postflight.checks.run_kind import build_of
from postflight.checks.weight.flaw import MOST_TOLD, Flaw, size
from postflight.checks.weight.names import shape, stable, without_likely_hash
from postflight.checks.weight.page import Kind, PageWeight

MOST_FILES = 500  # of a route; the smallest of more are joined, those of a kind together
LEAST_GROWTH = 1000  # bytes: less is no growth
LONGEST_FILE = 5_000_000  # bytes of a file of weights
OTHERS = "(other files)"
_Files = dict[tuple[Kind, str], int]  # (kind, name) -> bytes


@dataclass(frozen=True, slots=True)
class FileWeight:
    """What one file cost on one route: the bytes over the network, of all requests that its name stands for."""

    route: str
    name: str
    kind: Kind
    wire: int
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Release:
    """The files of one release, by route. `name` says which release it was, or which run, for people.

    `browser` is the one that was given them, empty where nobody wrote it down.
    """

    name: str
    files: tuple[FileWeight, ...]
    browser: str = ""

    def of(self, route: str, kind: Kind | None = None) -> _Files:
        """Return (kind, name) -> bytes of a route, of all kinds or of one."""
        return {(one.kind, one.name): one.wire for one in self.files if one.route == route and kind in (None, one.kind)}

    def knows(self, route: str) -> bool:
        """Whether this route was weighed."""
        return any(one.route == route for one in self.files)


def files_of(route: str, page: PageWeight) -> tuple[FileWeight, ...]:
    """Return the files of a visit, the largest first. What scripts fetched goes by its route, pages by their own."""
    found: dict[tuple[Kind, str], list[int]] = defaultdict(list)
    for one in page.resources:
        by_route = one.kind in (Kind.FETCH, Kind.DOCUMENT)
        found[one.kind, shape(one.url) if by_route else stable(one.url, page.url)].append(one.wire)
    files = [FileWeight(route, name, kind, sum(wire), len(wire)) for (kind, name), wire in found.items()]
    files.sort(key=lambda one: (-one.wire, one.kind, one.name))
    kept, rest = files[:MOST_FILES], files[MOST_FILES:]
    for kind in dict.fromkeys(one.kind for one in rest):
        wire, requests = zip(*((one.wire, one.requests) for one in rest if one.kind is kind), strict=True)
        kept.append(FileWeight(route, OTHERS, kind, sum(wire), sum(requests)))
    return tuple(kept)


def joined(first: Release, second: Release) -> Release:
    """Return the files of the first, and of the second those of routes that the first has not weighed."""
    files = (*first.files, *(one for one in second.files if not first.knows(one.route)))
    return Release(first.name, files, first.browser if first.browser == second.browser else "")


def growth(before: Release, now: Release, route: str, kind: Kind | None = None) -> float:
    """Return by which share a route has grown since then: 0.1 for a tenth, less than 0 when it has shrunk.

    Of all kinds, or of one. 0 for a growth of at most 1 KB; what was nothing counts as 1 KB.
    """
    was, is_now = (sum(files.values()) for files in _comparable(before, now, route, kind))
    if 0 < is_now - was <= LEAST_GROWTH:
        return 0.0
    return (is_now - was) / max(was, LEAST_GROWTH)


def range_of_growth(share: float, before: Release, now: Release) -> tuple[float, float] | None:
    """Return between what the release's own growth lies: anywhere up to all of it, where another browser was given it.

    Another build may be sent other encodings or image formats. None: both were given to the same one, so the share is
    exact, or nothing has grown.
    """
    return (0.0, share) if share > 0 and is_other_browser(before, now) else None


def is_other_browser(before: Release, now: Release) -> bool:
    """Whether these were not given to one build of a browser, as far as anybody knows."""
    return build_of(before.browser) != build_of(now.browser)


def differences(before: Release, now: Release, route: str, kind: Kind | None = None) -> tuple[Flaw, ...]:
    """Return what has changed on a route, file by file, the largest change first; amounts are bytes more (or less)."""
    was, is_now = _comparable(before, now, route, kind)
    was = _renamed(was, is_now)
    changes = [
        Flaw(
            name,
            _words(was.get((of, name)), is_now.get((of, name))),
            is_now.get((of, name), 0) - was.get((of, name), 0),
        )
        for of, name in dict.fromkeys((*is_now, *was))
    ]
    return tuple(sorted((c for c in changes if c.amount), key=lambda change: -abs(change.amount)))


def _comparable(before: Release, now: Release, route: str, kind: Kind | None) -> tuple[_Files, _Files]:
    """Return what each has of a route, without what another host failed to send once: that is no release's doing."""
    was, is_now = before.of(route, kind), now.of(route, kind)
    failed = {(of, name) for of, name in was.keys() & is_now.keys() if not name.startswith("/")}
    failed -= {key for key in failed if was[key] and is_now[key]}
    left = ({key: wire for key, wire in files.items() if key not in failed} for files in (was, is_now))
    return next(left), next(left)


def _renamed(was: _Files, is_now: _Files) -> _Files:
    """Return what was, with new names for files of which one is gone and one has come that differ in a likely hash."""
    alike: dict[tuple[Kind, str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, keys in enumerate((was.keys() - is_now.keys(), is_now.keys() - was.keys())):
        for kind, name in keys:
            alike[kind, without_likely_hash(name)][side].append(name)
    names = {(kind, gone[0]): come[0] for (kind, _), (gone, come) in alike.items() if len(gone) == len(come) == 1}
    return {(kind, names.get((kind, name), name)): wire for (kind, name), wire in was.items()}


def tell_differences(changes: Sequence[Flaw]) -> str:
    """Return the changes in one line: `+38 KB: /app.js (120 KB -> 158 KB); new: /vendor.js 12 KB`."""
    lines = list(_lines(changes))
    more = f"; and {len(lines) - MOST_TOLD} more" if len(lines) > MOST_TOLD else ""
    return "; ".join(lines[:MOST_TOLD]) + more


def _lines(changes: Iterable[Flaw]) -> Iterator[str]:
    for change in changes:
        sign = "+" if change.amount > 0 else "-"
        paired = "->" in change.words
        yield (
            f"{sign}{size(abs(change.amount))}: {change.subject} ({change.words})"
            if paired
            else (f"{change.words}: {change.subject} {size(abs(change.amount))}")
        )


def _words(was: int | None, is_now: int | None) -> str:
    if was is None:
        return "new"
    return "gone" if is_now is None else f"{size(was)} -> {size(is_now)}"


_RELEASE = TypeAdapter(Release)


def to_json(release: Release) -> str:
    """Return a release as text: `reports/weights.json`."""
    return _RELEASE.dump_json(release, indent=1).decode()


def from_json(text: str) -> Release:
    """Return the release in a text of `to_json`. Raises `ValueError` for any other text."""
    if len(text) > LONGEST_FILE:
        raise ValueError(f"it has more than {LONGEST_FILE:,} characters")
    try:
        return _RELEASE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
