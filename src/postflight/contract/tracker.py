"""What a run created through the contract stage, found in answers, and removed as the document says it can be."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from postflight.contract.documents import Operation
from postflight.contract.rules import pattern_of
from postflight.errors import PostflightError
from postflight.flow import Request, Response
from postflight.probes.client import Client

_CREATING = ("POST", "PUT")
_GONE = (200, 202, 204, 404, 410)  # what an answer to a removal may be
_MOST_LEFT = 100  # that are named
_PARAMETER = re.compile(r"\{([^{}/]+)\}")


@dataclass(frozen=True, slots=True)
class Removal:
    """The DELETE operation of a document, as a template below its base path."""

    template: str

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the template."""
        return tuple(_PARAMETER.findall(self.template))

    @property
    def collection(self) -> str:
        """The template without its last parameter; empty where it does not end with one."""
        head, slash, last = self.template.rpartition("/")
        return head if slash and _PARAMETER.fullmatch(last) else ""


@dataclass(slots=True)
class Tracker:
    """Notes what was created and removes it. `base` is the base path of the document."""

    removals: tuple[Removal, ...]
    base: str = ""
    created: list[str] = field(default_factory=list)  # paths to DELETE
    left: list[str] = field(default_factory=list)  # what could not be removed, and why; the first hundred

    @classmethod
    def of(cls, operations: Iterable[Operation], base: str) -> "Tracker":
        """Return a tracker that removes by the DELETE operations of a document."""
        return cls(tuple(Removal(one.path) for one in operations if one.method == "DELETE"), base)

    def note(self, method: str, url: str, answer: Response) -> None:
        """Note what a request has created, if its answer says so."""
        if method not in _CREATING or not 200 <= answer.status < 300:
            return
        path = self._below_base(urlsplit(url).path)
        found = self._by_location(answer) or self._by_body(path, answer)
        if found:
            self.created.append(found)
        elif answer.status == 201:
            self._leave(f"{method} {path} created something that no DELETE of the document removes")

    def remove(self, client: Client, token: str | None) -> None:
        """Remove what was created, the newest first."""
        while self.created:
            path = self.created.pop()
            try:
                answer = client.send(Request("DELETE", "web", f"{self.base}{path}", token=token))
            except PostflightError as error:
                self._leave(f"{path}: {error}")
                continue
            if answer.status not in _GONE:
                self._leave(f"{path}: DELETE answered {answer.status}")

    def _by_location(self, answer: Response) -> str:
        location = answer.header("location")
        if not location:
            return ""
        path = self._below_base(urlsplit(location).path)
        return path if any(pattern_of(one.template).fullmatch(path) for one in self.removals) else ""

    def _by_body(self, path: str, answer: Response) -> str:
        """Return the path of the DELETE that fits the answer's `id`, or its field of the parameter's name."""
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(body, Mapping):
            return ""
        for removal in self.removals:
            match removal.parameters:
                case (name,) if name != "id" and isinstance(body.get(name), str | int):
                    return _filled(removal.template, str(body[name]))
                case (_, *_) if removal.collection and isinstance(body.get("id"), str | int):
                    outer = pattern_of(removal.collection).fullmatch(path)
                    if outer:
                        return _filled(removal.template, *outer.groups(), str(body["id"]))
                case _:
                    continue
        return ""

    def _below_base(self, path: str) -> str:
        return path.removeprefix(self.base) if self.base else path

    def _leave(self, what: str) -> None:
        if len(self.left) < _MOST_LEFT:
            self.left.append(what)


def _filled(template: str, *values: str) -> str:
    rest = iter(values)
    return _PARAMETER.sub(lambda _: quote(next(rest), safe="%"), template)
