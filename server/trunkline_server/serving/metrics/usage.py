"""What a server uses: memory, processor time and files of all its processes; and its build."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version as version_of
from operator import add

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from trunkline_server.serving.metrics import processes


class Usage:
    """Memory, processor time and files of every process of this server, added up; and the build."""

    def collect(self) -> Iterable[Metric]:
        """Return what is so now."""
        build = GaugeMetricFamily("trunkline_build_info", "What runs here.",
                                  labels=("version", "python"))  # fmt: skip
        build.add_metric((version_of("trunkline"), platform.python_version()), 1)
        pids = processes.counting()
        workers = GaugeMetricFamily("trunkline_processes", "Processes of this server.",
                                    value=len(pids))  # fmt: skip
        return [build, workers, *_added_up(pids)]


_ADDED = ("resident_memory_bytes", "virtual_memory_bytes", "cpu_seconds", "open_fds")


def _added_up(pids: Iterable[int]) -> list[Metric]:
    found: dict[str, Metric] = {}
    for pid in pids:
        # The default asks for "self"; each of several processes is asked for by its number.
        for metric in ProcessCollector(pid=partial(int, pid), registry=None).collect():
            total = found.setdefault(metric.name, metric)
            if total is not metric:
                _merge(total, metric)
    return list(found.values())


def _merge(total: Metric, more: Metric) -> None:
    is_sum = total.name.removeprefix("process_") in _ADDED
    combined: Callable[[float, float], float] = add if is_sum else min
    total.samples = [
        a._replace(value=combined(a.value, b.value))
        for a, b in zip(total.samples, more.samples, strict=True)
    ]
