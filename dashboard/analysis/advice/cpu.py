"""Advice where the CPU was the limit, or where threads were paid for."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from dashboard.analysis.model.formulas import fitted
from dashboard.analysis.text.numbers import milliseconds, seconds_of
from dashboard.wire.plan.load import Burst
from dashboard.wire.plural import counted
from dashboard.wire.report.advice import Advice, AdvicePrediction

from .loop import sync_twin
from .pieces import memory_of_processes_mb, memory_of_threads_mb, to_fire, to_read
from .predictions import WORTHWHILE, around, at_most, cpu_per_request
from .situation import ServerChoice, Subject, VariantChoice

NO_FASTER = 0.9  # of the CPU time of all requests, in which nothing can be computed on these cores
WAITS = 2.0  # times as long in the view as on the CPU: the view waits, and needs threads to do so
WORTH_MOVING_S = 0.005  # below it the CPU time may be the server's own, not the view's
MORE_CORES = "give it more cores, with a process for each"
NEITHER = "Neither threads nor async help a full core"
PATIENT_MS = 20.0  # a bystander that is answered within this does not feel the load


def cpu_bound(subject: Subject) -> Iterator[Advice]:
    """Yield a process for each core; without a free core, that the work belongs elsewhere."""
    cores, server = subject.cores, subject.server
    processes = min(cores or 1, server.most_processes or 1)
    if processes > server.processes:
        each = counted(processes, "process", "processes")
        yield from to_fire(
            "cpu-bound",
            subject,
            f"Start {each} instead of {server.processes}, one for each core.",
            subject.at(server, processes=processes),
            _of_more_processes(subject, processes),
            memory_mb=memory_of_processes_mb(subject, processes - server.processes),
        )
    elif cores is not None:
        yield from _elsewhere(subject, cores)


def _of_more_processes(subject: Subject, processes: int) -> AdvicePrediction | None:
    """Return the total time by the Universal Scalability Law of the lanes that were measured."""
    load, throughputs = subject.situation.load, _throughputs_rps(subject)
    if not isinstance(load, Burst) or subject.total_s is None or not throughputs:
        return None
    law = fitted(throughputs)
    predicted_s = load.requests / law.throughput_rps(processes)
    if predicted_s > WORTHWHILE * subject.total_s:
        return None
    measured = " and ".join(map(str, sorted(throughputs)))
    of = f"{measured} {'process' if measured == '1' else 'processes'}"
    parameters = f"λ = {law.one_rps:.3g}/s, σ = {law.contention:.2g}, κ = {law.coherence:.2g}"
    return around("makespan_s", predicted_s, f"scalability law of {of}: {parameters}")


def _throughputs_rps(subject: Subject) -> dict[int, float]:
    """Return the throughput of this variant at this server by number of processes."""
    situation = subject.situation
    found: dict[int, float] = {}
    for lane in situation.report["lanes"]:
        server = situation.servers.get(lane["server"])
        same = server is not None and server.name == subject.server.name
        if server and same and lane["variant"] == subject.variant.name and lane["makespan_s"]:
            requests = situation.load.requests
            found[server.processes] = requests / float(median(lane["makespan_s"]))
    return found


def _elsewhere(subject: Subject, cores: int) -> Iterator[Advice]:
    """Yield the variant that computes elsewhere, else the least time that these cores need."""
    others = [variant for variant in subject.situation.variants.values() if variant.polls]
    fired = False
    for variant in others[:1]:
        text = f"{NEITHER}: compute elsewhere, as {variant.name} does."
        lane = subject.at(subject.server, variant.name)
        for advice in to_fire("cpu-bound", subject, text, lane, _of_free_core(subject)):
            fired = True
            yield advice
    if not fired and subject.cpu_s:
        less = f"spend less than {seconds_of(subject.cpu_s)} of CPU on a request"
        other = "compute elsewhere (Celery)" if subject.cpu_s >= WORTH_MOVING_S else MORE_CORES
        yield to_read(
            "cpu-bound",
            subject,
            f"{NEITHER}: {less}, or {other}.",
            "no lane of this scenario needs less CPU here",
            prediction=_least_time(subject, cores),
        )


def _of_free_core(subject: Subject) -> AdvicePrediction | None:
    """Return a bound on the bystander's median once its core is free; None if it did not wait."""
    bystander = subject.lane["neighbour"]
    present_ms = bystander["latency_ms"]["p50"] if bystander else None
    if present_ms is None or present_ms <= PATIENT_MS:
        return None
    bound_ms = max(PATIENT_MS, present_ms / 2)
    return at_most("bystander_ms_p50", bound_ms, f"half of {milliseconds(present_ms)}")


def _least_time(subject: Subject, cores: int) -> AdvicePrediction | None:
    """Return the bound that no server can beat with these requests on these cores."""
    load = subject.situation.load
    if not isinstance(load, Burst) or not subject.cpu_s:
        return None
    alone_s = load.requests * subject.cpu_s / cores
    on = counted(cores, "core")
    return {
        "metric": "makespan_s",
        "value": None,
        "low": NO_FASTER * alone_s,
        "high": None,
        "formula": f"{load.requests} · {seconds_of(subject.cpu_s)} of CPU on {on}",
    }


def thread_cost(subject: Subject) -> Iterator[Advice]:
    """Yield the sync variant at a server with a pool of threads, which are started once."""
    variant = subject.variant if subject.variant.family == "sync" else sync_twin(subject)
    pools = [subject.server] if subject.server.is_pool else subject.situation.others
    server = next((server for server in pools if server.is_pool), None)
    if variant is None or server is None:
        return
    threads = _threads(subject, server)
    settings = {} if threads == server.threads else {"threads": threads}
    yield from to_fire(
        "thread-cost",
        subject,
        f"{_written(subject, variant)} {server.name}, whose threads are started once.",
        subject.at(server, variant.name, **settings),
        cpu_per_request(subject),
        memory_mb=memory_of_threads_mb(subject, threads),
    )


def _written(subject: Subject, variant: VariantChoice) -> str:
    if variant.name == subject.variant.name:
        return "Serve this sync view by WSGI:"
    return f"Fire {variant.name}, the same work in a sync view, at"


def _threads(subject: Subject, server: ServerChoice) -> int:
    """Return a thread per request in flight if the view waits, else the server's own number."""
    default = server.threads or 1
    wait_s, in_flight = subject.wait_s, subject.in_flight
    if wait_s is None or in_flight is None or wait_s < WAITS * subject.cpu_s:
        return default
    return min(max(default, in_flight), server.most_threads or default)
