"""Advice where requests queue for a worker, or calls for a thread of the executor."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from dashboard.wire.plural import counted
from dashboard.wire.report.advice import Advice, AdvisedCause
from dashboard.wire.report.evidence import ExecutorFullEvidence
from dashboard.wire.units import MS_PER_S

from .pieces import memory_of_processes_mb, memory_of_threads_mb, to_fire, to_read
from .predictions import THREAD_START_S, total_time
from .situation import ServerChoice, Subject


def threads_busy(subject: Subject) -> Iterator[Advice]:
    """Yield a thread for each request in flight."""
    in_flight, server = subject.in_flight, subject.server
    if in_flight is None or server.threads is None or not server.is_pool:
        return
    threads = _threads(server, in_flight)
    if threads > server.threads:
        text = f"Give {server.name} {_more_threads(server, threads)}, one for each request."
        yield from _pool(subject, server, threads, text, "threads-busy")


def one_at_a_time(subject: Subject) -> Iterator[Advice]:
    """Yield threads, an ASGI server, and processes."""
    in_flight = subject.in_flight
    if in_flight is None or in_flight < 2:
        return
    for server in _pools(subject)[:1]:
        threads = _threads(server, in_flight)
        text = f"Serve it with {counted(threads, 'thread')}, one for each request: {server.name}."
        yield from _pool(subject, server, threads, text, "one-at-a-time")
    yield from _asgi(subject)
    yield from _processes(subject, in_flight)


def executor_full(subject: Subject, evidence: ExecutorFullEvidence) -> Iterator[Advice]:
    """Yield a thread of the executor for each request in flight, with the change of the code.

    More processes would have an executor each, but one of them may accept all connections of a
    burst, so nothing could be predicted of them. For the same reason each process gets as many
    threads as there are requests.
    """
    in_flight, limit, server = subject.in_flight, evidence["limit"], subject.server
    wait_s = _work_s(subject, limit)
    if in_flight is None or wait_s is None:
        return
    threads = min(in_flight, server.most_executor or in_flight)
    prediction = total_time(subject, threads, wait_s=wait_s)
    if prediction is None:
        return
    text = f"Give the event loop an executor with {counted(threads, 'thread')} instead of {limit}."
    diff = [
        "+loop = asyncio.get_running_loop()",
        f"+loop.set_default_executor(ThreadPoolExecutor(max_workers={threads}))",
    ]
    lane = subject.at(server, executor=threads)
    if server.most_executor is None or not subject.can_fire(lane):
        reason = "no lane can set it at this server"
        yield to_read("executor-full", subject, text, reason, prediction=prediction, diff=diff)
        return
    memory_mb = memory_of_threads_mb(subject, threads - limit)
    yield from to_fire(
        "executor-full", subject, text, lane, prediction, memory_mb=memory_mb, diff=diff
    )


def _work_s(subject: Subject, limit: int) -> float | None:
    """Return how long a thread of the executor is busy with a request; None for a rate.

    The time in the view contains the wait for a thread. So it is the scenario's own wait, else what
    ⌈N / k⌉ waves of the total time leave.
    """
    if subject.total_s is None or limit < 1:
        return None
    if theory := subject.lane["theory"]:
        return theory["wait_s"]
    at_a_time = limit * subject.server.processes
    return subject.total_s / ceil(subject.situation.load.requests / at_a_time)


def _threads(server: ServerChoice, in_flight: int) -> int:
    """Return how many threads each process needs for a thread per request in flight."""
    return min(ceil(in_flight / server.processes), server.most_threads or 1)


def _more_threads(server: ServerChoice, threads: int) -> str:
    each = " each" if server.processes > 1 else ""
    return f"{counted(threads, 'thread')}{each} instead of {server.threads}"


def _pools(subject: Subject) -> list[ServerChoice]:
    """Return the servers with a pool of threads to choose: the present one first, if it has one."""
    if subject.server.is_pool:
        return [subject.server]
    return [server for server in subject.situation.others if server.is_pool]


def _pool(
    subject: Subject, server: ServerChoice, threads: int, text: str, cause: AdvisedCause
) -> Iterator[Advice]:
    present = subject.server.threads or 1
    more = (threads - present) * server.processes
    yield from to_fire(
        cause,
        subject,
        text,
        subject.at(server, threads=threads),
        total_time(subject, threads * server.processes, processes=server.processes),
        memory_mb=memory_of_threads_mb(subject, more),
    )


def _asgi(subject: Subject) -> Iterator[Advice]:
    """Yield the first ASGI server that the variant can be fired at."""
    if subject.server.interface == "asgi":
        return
    for server in subject.situation.others:
        lane = subject.at(server)
        if server.interface != "asgi" or not subject.situation.can_fire(lane):
            continue
        if subject.variant.family == "sync":
            text = f"Serve it by ASGI: under {server.name} each request has a thread of its own."
            at_a_time, cpu_s = subject.in_flight or 1, subject.cpu_s + THREAD_START_S
        else:
            text = f"Serve it by ASGI: under {server.name} all requests share an event loop."
            at_a_time, cpu_s = subject.variant.at_a_time or subject.in_flight or 1, subject.cpu_s
        known_s = _cpu_s_of(subject, lane)
        prediction = total_time(subject, at_a_time, cpu_s=known_s or cpu_s)
        yield from to_fire("one-at-a-time", subject, text, lane, prediction)
        return


def _cpu_s_of(subject: Subject, lane: str) -> float | None:
    """Return the CPU time per request of a lane of this run; None if it is not one, or unknown."""
    for report in subject.situation.report["lanes"]:
        if report["lane"] == lane and (cpu_ms := report["server_side"]["cpu_ms_per_request"]):
            return cpu_ms / MS_PER_S
    return None


def _processes(subject: Subject, in_flight: int) -> Iterator[Advice]:
    """Yield two processes per core and one, which is what gunicorn's own documentation advises."""
    server = subject.server
    processes = min(2 * (subject.cores or 1) + 1, in_flight, server.most_processes or 1)
    if processes > server.processes:
        at_a_time = (server.threads or 1) * processes
        yield from to_fire(
            "one-at-a-time",
            subject,
            f"Start {counted(processes, 'process', 'processes')} instead of {server.processes}.",
            subject.at(server, processes=processes),
            total_time(subject, at_a_time, processes=processes),
            memory_mb=memory_of_processes_mb(subject, processes - server.processes),
        )
