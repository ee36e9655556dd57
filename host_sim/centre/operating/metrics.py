"""Metrics for Prometheus. Every label's values are a closed list: endpoints, codes, kinds, states. No machine, no person.

The counters are this process's own. What the database knows (copies, flags, machines) is read when somebody asks, and
is the same from each process of the centre.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import get_args

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from host_sim.centre import forms
from host_sim.centre import messages as say
from host_sim.centre.database import NO_ANSWER
from host_sim.centre.issuing import MAKING_S
from host_sim.centre.operating import audit, fleet
from host_sim.centre.operating.flags import SENTENCES
from host_sim.centre.operating.lanes import Lane
from host_sim.centre.store import Store
from host_sim.centre.tables import copies, flags, processes, requests

OUTCOMES = frozenset({"ok", "busy", "failed", "gone", *get_args(say.Code)})
CLOSED = frozenset({"bad_http", "silent", "head_too_long", "body_too_long", "too_many_connections"})
STATES = ("reserved", "delivered", "issued", "void")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What this process counts."""

    def __init__(self, endpoints: Iterable[str], lanes: Mapping[str, Lane]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series a counter, which nobody reads
        self.registry = CollectorRegistry()
        self._endpoints = frozenset(endpoints)
        here = self.registry
        self._calls = Counter("kofuki_calls", "Calls answered", ("endpoint", "outcome"), registry=here)
        self._seconds = Histogram(
            "kofuki_call_seconds", "From call to answer", ("endpoint",), buckets=_SECONDS, registry=here
        )
        self._closed = Counter("kofuki_connections_closed", "Closed before a call was heard", ("why",), registry=here)
        self._troubles = Counter("kofuki_troubles", "Calls in which the program failed", registry=here)
        self.registry.register(_Lanes(lanes))

    def call(self, endpoint: str, outcome: str, seconds: float) -> None:
        endpoint = endpoint if endpoint in self._endpoints else "other"
        self._calls.labels(endpoint, outcome if outcome in OUTCOMES else "other").inc()
        self._seconds.labels(endpoint).observe(seconds)

    def closed(self, why: str) -> None:
        self._closed.labels(why if why in CLOSED else "other").inc()

    def trouble(self) -> None:
        self._troubles.inc()


class _Lanes(Collector):
    def __init__(self, lanes: Mapping[str, Lane]) -> None:
        self._lanes = lanes

    def collect(self) -> Iterator[GaugeMetricFamily]:
        running = GaugeMetricFamily("kofuki_calls_running", "Calls in work", labels=["lane"])
        waiting = GaugeMetricFamily("kofuki_calls_waiting", "Calls that wait for a place", labels=["lane"])
        for name, lane in self._lanes.items():
            running.add_metric([name], lane.running)
            waiting.add_metric([name], lane.waiting)
        yield running
        yield waiting


class Books(Collector):
    """What the database knows, read at each scrape. Nothing while it cannot be reached: `/health` says so."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with self._store.reading() as c:
                yield from (_copies(c), _flags(c), *self._plain(c))
        except NO_ANSWER:
            return

    def _plain(self, c: sa.Connection) -> Iterator[GaugeMetricFamily]:
        machines = fleet.listed(c, self._now())
        fresh = requests.c.began_at > self._now().timestamp() - MAKING_S
        making = sa.select(sa.func.count()).select_from(requests).where(requests.c.state == "making", fresh)
        standing = sa.select(sa.func.count()).select_from(processes)
        told = {
            ("kofuki_machines", "Machines heard at least once"): len(machines),
            ("kofuki_machines_silent", "Machines not heard for half an hour"): sum(m.silent for m in machines),
            ("kofuki_requests_making", "Requests whose documents are being made"): c.scalar(making) or 0,
            ("kofuki_processes", "Processes of this centre"): c.scalar(standing) or 0,
            ("kofuki_line_stopped", "1 while the line is stopped"): self._store.fact(c, "stopped") is not None,
            ("kofuki_audit_rows", "Rows of the audit record"): audit.head(c)[0],
        }
        for (name, text), value in told.items():
            yield GaugeMetricFamily(name, text, value=float(value))


def _copies(c: sa.Connection) -> GaugeMetricFamily:
    family = GaugeMetricFamily("kofuki_copies", "Copies by kind and state", labels=["kind", "state"])
    counted = dict.fromkeys(((kind, state) for kind in (*forms.KINDS, "other") for state in STATES), 0)
    grouped = sa.select(copies.c.kind, copies.c.state, sa.func.count()).group_by(copies.c.kind, copies.c.state)
    for kind, state, count in c.execute(grouped):
        counted[kind if kind in forms.KINDS else "other", state] += count
    for labels, count in counted.items():
        family.add_metric(labels, count)
    return family


def _flags(c: sa.Connection) -> GaugeMetricFamily:
    family = GaugeMetricFamily("kofuki_flags_open", "Flags that two people have not closed", labels=["what"])
    counted = dict.fromkeys((*SENTENCES, "other"), 0)
    grouped = sa.select(flags.c.what, sa.func.count()).where(flags.c.state != "closed").group_by(flags.c.what)
    for what, count in c.execute(grouped):
        counted[what if what in SENTENCES else "other"] += count
    for what, count in counted.items():
        family.add_metric([what], count)
    return family
