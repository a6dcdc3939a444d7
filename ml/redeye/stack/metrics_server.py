"""Metrics for Prometheus over HTTP: read anew at each scrape. `python -m redeye.stack.metrics_server HOST PORT`.

It shows names of models, counts and sizes, and no row of data. It listens where it is told, by default on
this machine alone; whoever opens it further puts a proxy with a login before it.
"""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from redeye.operations.collect_metrics import METRICS, Sample, samples
from redeye.scoring.outputs_reader import OutputsReader

PREFIX = "redeye_"


class NightCollector(Collector):
    """Reads how the installation stands whenever it is asked."""

    def __init__(self) -> None:
        self._reader = OutputsReader()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: what there is to tell depends on the installation, and need not be read to register."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All metrics, each family once."""
        return families(samples(self._reader, datetime.now(UTC)))


def families(found: Iterable[Sample]) -> list[GaugeMetricFamily]:
    """Samples as Prometheus' families; the samples of one name have the same labels."""
    by_name: dict[str, GaugeMetricFamily] = {}
    for sample in found:
        name = PREFIX + sample.name
        if name not in by_name:
            by_name[name] = GaugeMetricFamily(name, METRICS[sample.name], labels=list(sample.labels))
        by_name[name].add_metric(list(sample.labels.values()), sample.value)
    return list(by_name.values())


def serve(host: str, port: int) -> None:
    """Answer scrapes until told to stop."""
    registry = CollectorRegistry()
    registry.register(NightCollector())
    server, thread = start_http_server(port, addr=host, registry=registry)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    stopped.wait()
    server.shutdown()
    thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    serve(given.host, given.port)
