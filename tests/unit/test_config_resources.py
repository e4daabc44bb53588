"""`resources:`: queries that look at the stage's own time only, and errors that name their lines."""

from pathlib import Path

import pytest

from postflight.config.deployments import load_deployments
from postflight.config.resolve import resolve
from postflight.errors import ConfigError
from postflight.model import Resources

BEGIN = """\
version: 1
platforms:
  shop:
    environments:
      staging:
        base_url: https://staging.shop.example
        resources:
          prometheus: https://prometheus.shop.example/tenant
"""


def read(folder: Path, *lines: str) -> Resources:
    file = folder / "deployments.yaml"
    file.write_text(BEGIN + "".join(f"          {line}\n" for line in lines))
    found = resolve(load_deployments(file), environment="staging", environ={}).resources
    assert found is not None
    return found


def error(folder: Path, *lines: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read(folder, *lines)
    return str(refused.value).replace(f"{folder}/", "")


def test_node_exporter_is_asked_for_what_is_not_written(tmp_path: Path) -> None:
    found = read(tmp_path, """node_exporter: 'job="node",env=~"a|b"'""", "memory: max by (pod) (used[$window])")
    assert found.prometheus == "https://prometheus.shop.example/tenant"
    assert found.scraped.promql == 'up{job="node",env=~"a|b"}'
    assert list(found.shares) == ["cpu", "memory", "disk"]
    assert 'node_cpu_seconds_total{job="node",env=~"a|b",mode="idle"}[$window]' in found.shares["cpu"].promql
    assert found.shares["memory"].promql == "max by (pod) (used[$window])"
    assert found.shares["memory"].source.endswith("deployments.yaml:10")
    assert found.shares["disk"].source.endswith("deployments.yaml:9"), "where node_exporter is written"


def test_what_is_not_written_is_not_asked(tmp_path: Path) -> None:
    assert list(read(tmp_path, "scraped: up", "disk: full[$window]").shares) == ["disk"]


@pytest.mark.parametrize("lines", [(), ("scraped: up",), ("cpu: busy[$window]",)])
def test_something_must_be_asked(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert "deployments.yaml:7: " in (told := error(tmp_path, *lines))
    assert "write node_exporter, or `scraped` and at least one of cpu, memory, disk" in told


@pytest.mark.parametrize(
    "line", ["node_exporter: node", """node_exporter: 'job="x"} or up{a="b"'""", "scraped: up[5m]"]
)
def test_selectors_are_selectors(tmp_path: Path, line: str) -> None:
    assert "deployments.yaml:9: " in (told := error(tmp_path, line))
    assert "does not match" in told


GOOD = (
    'max by (pod) (max_over_time(used{image=~"a[b]{2}@offset"}[$window]) / (last_over_time(all{c!=""}[$window]) > 0))',
    "sum(rate(busy[$window])) by (instance) / on (instance) group_left () last_over_time(cores[$window])",
    "avg without (cpu) (1e-3 * rate({__name__='a:b'}[$window])) # before: rate(busy[5m])",
    "rate(busy[$window]) / on (instance) group_left last_over_time(cores[$window])",
    "quantile_over_time(0.9, job:busy:rate1m[$window])",
    "used[$window] AND all [$window] or Inf",
    "used{} [$window] > bool 0.5",
)


@pytest.mark.parametrize("query", GOOD)
def test_queries_of_the_window(tmp_path: Path, query: str) -> None:
    written = query.replace('"', '\\"')
    assert read(tmp_path, "scraped: up", f'cpu: "{written}"').shares["cpu"].promql == query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("used", "used is read without [$window]"),
        ("1 - free / last_over_time(all[$window])", "free is read without [$window]"),
        ("used{a='1'}", "used{} is read without [$window]"),
        ("{a='1'}", "{} is read without [$window]"),
        ("used # [$window]", "used is read without [$window]"),
        ("rate(used[5m])", "[5m] asks for another time"),
        ("max_over_time(rate(used[$window])[5m:])", "[5m:] asks for another time"),
        ("used[$window] offset 1h", "offset asks for another time"),
        ("used[$window] @ 1600000000", "@ asks for another time"),
    ],
)
def test_queries_of_another_time_are_refused(tmp_path: Path, query: str, words: str) -> None:
    assert f"deployments.yaml:10: platforms.shop.environments.staging.resources.cpu: {words}" in error(
        tmp_path, "scraped: up", f'cpu: "{query}"'
    )
