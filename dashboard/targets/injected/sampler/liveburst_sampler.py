"""Looks, up to 200 times a second, at what works for a request: where is the time?

Runs in a thread of each worker process of a target that is sampled, and never in a timed one.
Standard library alone, Python 3.9. The environment holds

    LIVEBURST_SAMPLER     {"directory": where each process writes its file, "interval_ms": 5}
    LIVEBURST_DIRECTORY   the project's own, whose lines of code are named

A look is one thread or task of one request, seen once: `cpu` (its thread ran, or was ready to),
`blocking` (it did not), `holding` (an event loop's thread that has not given way for an interval,
or waits) or `awaiting` (it is suspended). It weighs the time since the look before, as much more as
its request stands for others (`liveburst_sampler_pace`), divided among what works for the request
at that moment.

    liveburst_sampler_application   where a request begins and ends
    liveburst_sampler_patches       how it is followed to other threads and tasks
    liveburst_sampler_works         what works for which request
    liveburst_sampler_stacks        the stacks of these, joined
    liveburst_sampler_look          one look
    liveburst_sampler_pace          when the next one is due, at how many requests it looks, and
                                    which are followed
    liveburst_sampler_file          what is written

A probe must never break a response: whatever goes wrong here goes unreported, but as a limit.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from liveburst_request import now
from liveburst_sampler_application import SampledASGI, SampledWSGI
from liveburst_sampler_file import LooksFile
from liveburst_sampler_lateness import Lateness
from liveburst_sampler_look import Observer
from liveburst_sampler_pace import FLUSH_NS, Pace, flush_after_ns, is_flush_due
from liveburst_sampler_patches import apply_patches
from liveburst_sampler_works import VISITS, take_entered
from liveburst_unpatched import unpatched

VARIABLE = "LIVEBURST_SAMPLER"
DEFAULT_INTERVAL_MS = 5
MOST_ERRORS = 100


def sampled(interface: str, application: Any) -> Any:
    """Return the project's application so that it is sampled, in each process that serves it."""
    starter = Starter(json.loads(os.environ[VARIABLE]))
    apply_patches()
    return (SampledWSGI if interface == "wsgi" else SampledASGI)(application, starter.start)


class Starter:
    """Starts the sampler at the first request of each process: servers fork after the import."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.directory = str(settings["directory"])
        interval_ms = float(settings.get("interval_ms", DEFAULT_INTERVAL_MS))
        self.interval_ns = int(interval_ms * 1e6)
        self.process = 0
        self.lock = unpatched("_thread", "allocate_lock")()

    def start(self) -> None:
        """Start it, unless this process has it."""
        process = os.getpid()
        if process == self.process:
            return
        with self.lock:
            started, self.process = self.process == process, process
        if not started:
            try:
                sampler = Sampler(self.directory, self.interval_ns)
                unpatched("_thread", "start_new_thread")(sampler.run, ())
            except (OSError, RuntimeError):
                pass  # the directory has gone


class Sampler:
    """The sampler of one process."""

    def __init__(self, directory: str, interval_ns: int) -> None:
        self.file = LooksFile(directory, interval_ns)
        self.pace = Pace(interval_ns)
        self.observer = Observer()
        self.lateness = Lateness(self.observer.waits.system)
        self.errors: list[str] = []
        self.flushed_ns = now()
        self.flush_after_ns = FLUSH_NS
        self.looks = self.looked_ns = 0  # since then: those that met a request, and their time
        self.cpu_ns = 0

    def run(self) -> None:
        """Look and write, until the file is full or the process ends."""
        sleep = unpatched("time", "sleep")
        self.attempt(self.begin)
        while not self.file.full and len(self.errors) < MOST_ERRORS:
            interval_ns = self.pace.interval_ns
            due_ns = now() + interval_ns
            sleep(interval_ns / 1e9)
            self.attempt(self.look, due_ns)
            self.attempt(self.follow_up)
        self.attempt(self.file.end, now())

    def attempt(self, action: Callable[..., None], *args: Any) -> None:
        """Do something, and survive its errors: the process must serve on."""
        try:
            action(*args)
        except Exception as error:
            self.errors.append(type(error).__name__)

    def begin(self) -> None:
        """Prepare what is needed once, in the sampler's thread."""
        self.lateness.watch_this_thread()
        self.cpu_ns, self.flushed_ns = time.thread_time_ns(), now()
        self.observer.moment = self.flushed_ns

    def look(self, due_ns: int) -> None:
        """Look once, and keep how late that was and what it cost if a request was met."""
        late_ns = self.lateness.of(due_ns)
        moment, cpu_ns = now(), time.thread_time_ns()
        visits = self.observer.look(late_ns, self.pace.shortest_ns, self.pace.visits)
        if visits:
            self.looks += 1
            self.looked_ns += self.observer.since_ns
            self.lateness.keep(late_ns)
        held_ns, cpu_ns = now() - moment, time.thread_time_ns() - cpu_ns
        visits_ns = self.observer.visits_ns
        self.pace.note(held_ns, cpu_ns - visits_ns, visits_ns, visits, self.observer.busy)

    def follow_up(self) -> None:
        """Do what gives the GIL away: write what is due."""
        moment = now()
        if is_flush_due(moment - self.flushed_ns, self.flush_after_ns, serves=bool(VISITS)):
            self.flush(moment)
            self.flush_after_ns = flush_after_ns(now() - moment)

    def flush(self, moment: int) -> None:
        """Write a line."""
        cpu_ns = time.thread_time_ns()
        used_ns, wall_ns = cpu_ns - self.cpu_ns, moment - self.flushed_ns
        interval_ns = self.looked_ns // self.looks if self.looks else self.pace.interval_ns
        self.cpu_ns, self.flushed_ns, self.looks, self.looked_ns = cpu_ns, moment, 0, 0
        observer = self.observer
        self.file.append({
            "until": moment,
            "interval_ns": interval_ns,
            "cpu_ns": used_ns,
            "wall_ns": wall_ns,
            "late_ns": self.lateness.take(),
            "visits": take_entered(),
            "seen": observer.seen.take(),
            "frames": observer.frames.take_new(),
            "stacks": observer.stacks.take_new(),
            "limits": [*observer.limits(), *sorted(set(self.errors))],
        })  # fmt: skip
