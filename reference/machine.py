"""The machine that a service pretends to run on, in the words of Prometheus' node_exporter.

Pretended, because the true one is whoever's computer this is: its disk may be full, and no fault of ours.
"""

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from reference.faults import DISK_FULL, MEMORY_FULL, MEMORY_STALE, MEMORY_UNTOLD, PROCESSORS_BUSY, Fault

_PROCESSORS = 2
_MEMORY = 4e9  # bytes
_DISKS = {"/": ("/dev/vda1", 40e9), "/srv": ("/dev/vdb1", 100e9), "/snap": ("/dev/loop0", 60e6)}  # of bytes
_READ_ONLY = "/snap"  # and so it is full, on every machine that has it
_OLD = 120.0  # seconds


class Machine(Collector):
    """Tells of processors (30 % busy), memory (45 % in use) and disks (55 %), unless a fault says otherwise."""

    def __init__(self, faults: frozenset[Fault] = frozenset()) -> None:
        self._faults = faults
        self._started = time.time()

    def collect(self) -> Iterator[Metric]:
        """Yield what a scrape gets."""
        busy = 0.95 if PROCESSORS_BUSY in self._faults else 0.3
        up = time.time() - self._started
        seconds = CounterMetricFamily(
            "node_cpu_seconds", "Seconds the CPUs spent in each mode.", labels=("cpu", "mode")
        )
        for cpu in map(str, range(_PROCESSORS)):
            seconds.add_metric((cpu, "idle"), up * (1 - busy))
            seconds.add_metric((cpu, "user"), up * busy)
        yield seconds
        if MEMORY_UNTOLD not in self._faults:
            yield from self._memory()
        yield from self._disks()

    def _memory(self) -> Iterator[Metric]:
        used = 0.91 if MEMORY_FULL in self._faults else 0.45
        told = self._started - _OLD if MEMORY_STALE in self._faults else None
        for name, value in (("MemTotal", _MEMORY), ("MemAvailable", _MEMORY * (1 - used))):
            family = GaugeMetricFamily(f"node_memory_{name}_bytes", f"Memory information field {name}.")
            family.add_metric((), value, timestamp=told)
            yield family

    def _disks(self) -> Iterator[Metric]:
        labels = ("device", "fstype", "mountpoint")
        size = GaugeMetricFamily("node_filesystem_size_bytes", "Filesystem size in bytes.", labels=labels)
        free = GaugeMetricFamily(
            "node_filesystem_avail_bytes", "Filesystem space available to non-root users.", labels=labels
        )
        read_only = GaugeMetricFamily("node_filesystem_readonly", "Filesystem read-only status.", labels=labels)
        for mountpoint, (device, total) in _DISKS.items():
            fixed = mountpoint == _READ_ONLY
            used = 1.0 if fixed else 0.94 if mountpoint == "/srv" and DISK_FULL in self._faults else 0.55
            place = (device, "squashfs" if fixed else "ext4", mountpoint)
            size.add_metric(place, total)
            free.add_metric(place, total * (1 - used))
            read_only.add_metric(place, float(fixed))
        yield from (size, free, read_only)
