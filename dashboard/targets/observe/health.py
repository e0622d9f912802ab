"""What a target's processes do during a firing: the probes' reports joined with /proc.

Runs in the dashboard. Exchanges the datagrams of docs/frame.md ("Health on its way") with the
probes of one target; processes without a probe, such as a server's master, are read from
outside alone. Between firings nothing happens here.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from dashboard.wire.loopback import HOST
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import ConnectionFacts, DjangoFacts, ExecutorFacts
from dashboard.wire.untrusted import decode_json

from .answers import merge_answers
from .connections import AliasCounts, established, of_firing, with_largest_pools
from .probe_messages import MALFORMED, Hello, ProbeReport
from .proc_stats import exists, read_process
from .processes import Processes
from .worker_turnover import WorkerTurnover

INTERVAL_S = 0.05
BEGIN_TIMEOUT_S = 1.0
FRESH_NS = 40_000_000  # an older report is not joined with a present reading of /proc
RECEIVE_BUFFER = 1 << 20  # the dashboard may have to wait for its core


@dataclass
class ProbedProcess:
    """A process that sent a hello: its address, what runs in it, and the firings it reported on.

    `django` has the settings of the project that change a measurement; None without Django.
    """

    address: tuple[str, int]
    interface: str
    versions: dict[str, str]
    django: DjangoFacts | None = None
    reported: int | None = None
    ended: int | None = None


class Health(asyncio.DatagramProtocol):
    """The health of one target, in rows of the columns of `health`, with absolute instants."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self.probes: dict[int, ProbedProcess] = {}
        self._firing: int | None = None
        self._rows: list[dict[str, int]] = []
        self._executor: ExecutorFacts | None = None
        self._answers: dict[int, list[AnswerKind]] = {}
        self._connections: dict[int, list[AliasCounts]] = {}  # by process
        self._processes = Processes()
        self._workers: set[int] = set()  # processes that had a probe in this firing
        self._requests: dict[int, int] = {}  # of this firing, by process
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls) -> Self:
        """Return an instance that listens on a free loopback port."""
        loop = asyncio.get_running_loop()
        health = cls()
        health._transport, _ = await loop.create_datagram_endpoint(
            lambda: health, local_addr=(HOST, 0), family=socket.AF_INET
        )
        receiving = health._transport.get_extra_info("socket")
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        return health

    _transport: asyncio.DatagramTransport

    @property
    def environment(self) -> dict[str, str]:
        """The variables that probes need in their environment."""
        host, port = self._transport.get_extra_info("sockname")
        return {"LIVEBURST_HEALTH": f"{host}:{port}", "LIVEBURST_TOKEN": self.token}

    def close(self) -> None:
        """Stop listening; rows that were not taken are lost."""
        self._stop_reading()
        self._transport.close()

    async def first_probe(self, timeout_s: float) -> ProbedProcess | None:
        """Wait for a hello and return the first process that sent one; None after the timeout."""
        await self._until(lambda: bool(self.probes), timeout_s)
        return next(iter(self.probes.values()), None)

    async def begin(self, firing: int, root: int) -> bool:
        """Begin a firing: peaks are reset, reports begin. `root` is above all processes.

        Return True if every known probe answered in time.
        """
        self._firing, self._rows, self._executor = firing, [], None
        self._answers, self._requests, self._connections = {}, {}, {}
        self._forget_ended()
        self._workers = {*self.probes}
        for probe in self.probes.values():
            self._send(probe, type="begin", firing=firing)
        self._processes.begin(root)
        self._stop_reading()
        self._read_processes()
        return await self._until(
            lambda: all(probe.reported == firing for probe in self.probes.values()),
            BEGIN_TIMEOUT_S,
        )

    async def end(self, firing: int, quiet_timeout_s: float) -> bool:
        """End the firing: wait for the last reports, which are sent when nothing is under way.

        Return True if all of them arrived in time; if not, `end` may be called again. The last
        rows can be taken after this.
        """
        for probe in self.probes.values():
            self._send(probe, type="end", firing=firing)
        quiet = await self._until(lambda: self._all_ended(firing), quiet_timeout_s)
        self._stop_reading()
        self._processes.find_new()  # a worker that had no request has no row yet
        self._rows += self._processes.rows(self.probes)
        if quiet:
            self._firing = None
        return quiet

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """Return the rows since the last call, their instants counted from the origin.

        Rows from before it become one for each process, with its last values and at the origin:
        counters such as the CPU time grow from there.
        """
        rows, self._rows = self._rows, []
        before: dict[int, dict[str, int]] = {}
        for row in rows:
            if row["at"] < origin_ns:
                before[row["process"]] = {**before.get(row["process"], {}), **row, "at": 0}
        since = [{**row, "at": row["at"] - origin_ns} for row in rows if row["at"] >= origin_ns]
        return [*before.values(), *since]

    @property
    def executor(self) -> ExecutorFacts | None:
        """The default executor of the firing's loop when its queue was longest.

        `limit`, `threads` and `queued`; None if it was not used. `shared` if the queue was longer
        for the one thread that asgiref has for sync work outside of Django's requests.
        """
        return self._executor

    def worker_turnover(self, *, out_of_descriptors: bool) -> WorkerTurnover:
        """Return which workers ended or joined in the last firing, once it is over."""
        died = self._workers & self._processes.ended
        joined = self._workers - self._processes.at_begin - died if died else set()
        requests = None if died else sum(self._requests.values())
        return WorkerTurnover(len(died), len(joined), requests, out_of_descriptors)

    @property
    def answers(self) -> list[AnswerKind]:
        """Exceptions, and redirects that may not be the view's, of all processes in the firing."""
        return merge_answers(*self._answers.values())

    @property
    def connections(self) -> list[ConnectionFacts]:
        """Connections to each database in the firing, of all processes together."""
        return of_firing(self._connections.values(), sum(self._requests.values()))

    @property
    def established(self) -> int:
        """Connections to PostgreSQL that all processes had at the last reports of the firing."""
        return established(self._connections.values(), "postgresql")

    def datagram_received(self, data: bytes, address: Any) -> None:
        """Handle a probe's datagram; one without the token or of another form is dropped."""
        try:
            message = decode_json(data)
            if message["token"] != self.token:
                return
            if message["type"] == "hello":
                self._greet(Hello.read(message), address)
            elif message["type"] == "report":
                self._note(ProbeReport.read(message))
        except MALFORMED:
            return
        self._changed.set()

    def error_received(self, exc: Exception) -> None:
        """Ignore that a process has gone: its absence is noticed where it matters."""

    def _greet(self, hello: Hello, address: tuple[str, int]) -> None:
        probe = ProbedProcess(address, hello.interface, hello.versions, hello.django)
        self.probes[hello.process] = probe
        self._workers.add(hello.process)
        if self._firing is not None:  # its first request came in the middle of a firing
            self._send(probe, type="begin", firing=self._firing, running=True)

    def _note(self, report: ProbeReport) -> None:
        probe = self.probes[report.process]
        # Nothing is under way in a process before its first report or after its last: /proc is
        # right about it however late it is read.
        idle = report.final or probe.reported != report.firing
        probe.reported = report.firing
        if report.final:
            probe.ended = report.firing
        if report.firing != self._firing:
            return
        self._rows.append(self._row(report, idle=idle))
        self._requests[report.process] = report.counts["requests"]
        if report.answers is not None:
            self._answers[report.process] = report.answers
        if report.connections is not None:
            last = self._connections.get(report.process, [])
            self._connections[report.process] = with_largest_pools(report.connections, last)
        for executor in report.executors:
            self._note_executor(executor)

    def _row(self, report: ProbeReport, *, idle: bool) -> dict[str, int]:
        """Return a row of a report, joined with /proc if that is read in time."""
        row = {"at": report.at_ns, "process": report.process, **report.counts}
        if idle or time.monotonic_ns() - report.at_ns <= FRESH_NS:
            row |= read_process(report.process)
            self._processes.note_reading(report.process)
        return row

    def _note_executor(self, executor: ExecutorFacts) -> None:
        if self._executor is None or executor["queued"] >= self._executor["queued"]:
            self._executor = executor

    def _read_processes(self) -> None:
        self._rows += self._processes.rows(self.probes)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(INTERVAL_S, self._read_processes)

    def _stop_reading(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, probe: ProbedProcess, **message: object) -> None:
        self._transport.sendto(json.dumps({**message, "token": self.token}).encode(), probe.address)

    def _all_ended(self, firing: int) -> bool:
        self._forget_ended()
        return all(probe.ended == firing for probe in self.probes.values())

    def _forget_ended(self) -> None:
        self.probes = {pid: probe for pid, probe in self.probes.items() if exists(pid)}

    async def _until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds, which is checked at each datagram and each interval."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), min(remaining_s, INTERVAL_S))
            except TimeoutError:
                continue
        return True
