"""`resources:` of an environment: how to ask its Prometheus what it needs of its machines (docs/resources.md)."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from postflight.config.document import Document, WebAddress

WINDOW = "[$window]"

# Prometheus' own exporter of a machine's figures is named the same everywhere; `@` stands for the labels of its series.
_NODE_EXPORTER = {
    "scraped": "up{@}",
    "cpu": '1 - avg by (instance) (rate(node_cpu_seconds_total{@,mode="idle"}[$window]))',
    "memory": (
        "1 - last_over_time(node_memory_MemAvailable_bytes{@}[$window])"
        " / last_over_time(node_memory_MemTotal_bytes{@}[$window])"
    ),
    # what cannot be written is always full, and a tmpfs is memory
    "disk": (
        '1 - last_over_time(node_filesystem_avail_bytes{@,fstype!="tmpfs"}[$window])'
        ' / (last_over_time(node_filesystem_size_bytes{@,fstype!="tmpfs"}[$window]) > 0)'
        " and last_over_time(node_filesystem_readonly{@}[$window]) == 0"
    ),
}

_TEXTS = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*""")
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\b\s*\([^()]*\)")
# a name that is no function's, or matchers alone; and the range behind it
_SELECTOR = re.compile(r"(?P<name>(?<![\w:.$])[A-Za-z_:][\w:]*\b(?!\s*\()\s*(?:\{\})?|\{\})\s*(?P<range>\[[^\]]*\])?")
_WORDS = frozenset({"and", "or", "unless", "atan2", "bool", "inf", "nan", "group_left", "group_right"})


def _is_of_the_window(promql: str) -> str:
    """Refuse what would look further back than a few scrapes: a gauge by itself is up to five minutes old."""
    bare = _LABELS.sub("", re.sub(r"\{[^{}]*\}", "{}", _TEXTS.sub('""', promql)))
    if other := re.search(r"@|\boffset\b|\[(?!\$window\])[^\]]*\]", bare):
        raise ValueError(f"{other[0]} asks for another time than that in which the stage uses it; write {WINDOW}")
    for found in _SELECTOR.finditer(bare):
        name = found["name"].strip()
        if name.lower() not in _WORDS and not found["range"]:
            raise ValueError(
                f"{name} is read without {WINDOW}, so that what is old would count: write rate({name}{WINDOW}) of a"
                f" counter, last_over_time({name}{WINDOW}) of anything else"
            )
    return promql


Share = Annotated[str, AfterValidator(_is_of_the_window), Field(min_length=3)]
_SCRAPED = r"^[a-zA-Z_:][\w:]*(\{[^{}]*\})?$"
_MATCHERS = r'^\w+(=|!=|=~|!~)"[^"{}]*"(,\s*\w+(=|!=|=~|!~)"[^"{}]*")*$'


class ResourcesEntry(Document):
    """Whom to ask, and how. What is not written of cpu, memory and disk comes from node_exporter, or is not asked."""

    prometheus: WebAddress
    node_exporter: Annotated[
        str | None, Field(pattern=_MATCHERS, description='labels of its series here, like job="node",env="staging"')
    ] = None
    scraped: Annotated[
        str | None, Field(pattern=_SCRAPED, description='a series for each target, 1 if it is seen: up{job="web"}')
    ] = None
    cpu: Annotated[Share | None, Field(description="PromQL: the share of its processors in use, 0 to 1")] = None
    memory: Annotated[Share | None, Field(description="PromQL: the share of its memory in use, 0 to 1")] = None
    disk: Annotated[Share | None, Field(description="PromQL: the share of its disks in use, 0 to 1")] = None

    @model_validator(mode="after")
    def _something_to_ask(self) -> "ResourcesEntry":
        if not self.node_exporter and not (self.scraped and (self.cpu or self.memory or self.disk)):
            raise ValueError("write node_exporter, or `scraped` and at least one of cpu, memory, disk")
        return self

    def queries(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is asked: `scraped`, cpu, memory or disk, its PromQL, and the key that says so."""
        for name, usual in _NODE_EXPORTER.items():
            if written := getattr(self, name):
                yield name, written, name
            elif self.node_exporter:
                yield name, usual.replace("@", self.node_exporter), "node_exporter"
