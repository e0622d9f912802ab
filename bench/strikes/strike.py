"""One strike: start a run, send a signal to one of its processes, and note what was left.

Only processes that carry the strike's own mark are looked at, and only they receive a signal.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from bench.observed_processes import is_alive, processes_below, until

from .case import STARTERS, Case, Moment, Result
from .site import Site, expect_gone, expect_none_of
from .starter import REQUESTS, Starter, burst
from .stored import damage, runs_in, successes

ROUNDS = {"starting": 2, "running": 3, "late": 5, "warm": 2}  # enough for the latest moment
STOPPED_S = 2.0  # how long a stopped process is left alone
PRESENT_S, APPEARS_S = 60.0, 15.0  # for the stage to begin, and the victim to appear in it
ENDED_S = 10.0  # for a starter that was struck
ATTEMPTS = 3  # to find the victim before the run ends
NOT_FOUND = "the victim did not appear"


def strike(case: Case, site: Site) -> Result:
    """Perform one strike and return what was found."""
    began_s = time.monotonic()
    for attempt in range(ATTEMPTS):
        result = Result(case.name, case.moment.starter, case.moment.stage)
        _attempt(case, site, result, case.moment.pause_s / (1 + attempt))
        if NOT_FOUND not in result.faults:
            break
    result.took_s = round(time.monotonic() - began_s, 1)
    return result


def _attempt(case: Case, site: Site, result: Result, pause_s: float) -> None:
    starter = None
    with _noted(result):
        starter = site.starter(result.starter, ROUNDS[result.stage])
        _reach(case.moment, starter)
        victim = _victim(case, starter, pause_s)
        if victim is None:
            result.faults.append(NOT_FOUND)
        else:
            _strike(case, starter, victim, result)
    with _noted(result):
        if starter is not None:
            site.give_back(starter, result)


@contextmanager
def _noted(result: Result) -> Iterator[None]:
    """Note an exception as a fault: the other strikes are made all the same."""
    try:
        yield
    except Exception as error:
        result.faults.append(f"the strike could not be made: {error!r}")


def _reach(moment: Moment, starter: Starter) -> None:
    """Fire a run, and wait until its stage has begun or it has ended."""
    starter.begin()
    if starter.kind == "dashboard":
        if moment.stage == "starting":
            starter.start_anew()
        starter.fire(REQUESTS, ROUNDS[moment.stage])
    if moment.stage == "warm":
        starter.wait_for_runs()
        return
    begun = ("starting", "running") if moment.stage == "starting" else ("running",)

    def reached() -> bool:
        runs = starter.runs()
        over = any(not run.active for run in runs) or not starter.alive
        return over or any(run.status in begun for run in runs)

    until(reached, PRESENT_S)


def _victim(case: Case, starter: Starter, pause_s: float) -> psutil.Process | None:
    """Return the process to strike, a moment after its stage has begun."""
    time.sleep(pause_s)

    def there() -> bool:
        return bool(starter.candidates(case.victim)) or not starter.alive

    until(there, APPEARS_S)
    candidates = starter.candidates(case.victim)
    return candidates[int(case.moment.which * len(candidates))] if candidates else None


def _strike(case: Case, starter: Starter, victim: psutil.Process, result: Result) -> None:
    below = processes_below(victim)
    struck_starter = case.victim in STARTERS
    sockets = starter.sockets() if struck_starter else set()
    try:
        victim.send_signal(getattr(signal, f"SIG{case.signal}"))
    except psutil.NoSuchProcess:  # it ended by itself in these milliseconds
        result.faults.append(NOT_FOUND)
        return
    if case.signal == "STOP":
        time.sleep(STOPPED_S)
        if struck_starter:
            starter.process.kill()
        else:
            starter.stop_run()
    if struck_starter:
        until(lambda: not starter.alive, ENDED_S)
        result.expect(not starter.alive, "the starter did not end")
        expect_gone(starter, sockets, result, "of the starter")
    elif case.signal == "KILL":
        expect_none_of(lambda: _alive(below), result, "processes are left below the victim")
    _check_rows(starter, result)
    _check_next_run(starter, result)
    if starter.alive:
        expect_none_of(lambda: _alive([victim]), result, "the victim is left")
        expect_none_of(starter.strays, result, "strays are left")


def _alive(processes: Sequence[psutil.Process]) -> list[int]:
    return [process.pid for process in processes if is_alive(process)]


def _check_rows(starter: Starter, result: Result) -> None:
    """The run's row has how it ended, and each of its frames can be read."""
    if not starter.alive:  # the next command marks it: see `_check_next_run`
        return
    result.expect(starter.wait_for_runs(), "the run did not end")
    _check_row(starter, result)


def _check_row(starter: Starter, result: Result) -> None:
    for run in starter.runs()[:1]:
        result.status, result.problem = run.status, run.problem
        result.expect(not run.active, f"the row is still {run.status}")
        result.expect(run.status != "failed" or run.problem, "failed without a reason")
        result.expect("Liveburst itself failed" not in run.problem, "an internal error")
        result.faults.extend(damage(starter.home, run.id))


def _check_next_run(starter: Starter, result: Result) -> None:
    """The next run works: on the same dashboard if it is still there, else from a terminal."""
    if starter.kind == "dashboard" and starter.alive:
        _fire_again(starter, result)
        return
    status = burst(starter.home, starter.mark)
    result.expect(status == 0, f"the next command ended with status {status}")
    run_after = runs_in(starter.home)[-1]
    result.expect(run_after.status == "finished", f"the next run: {run_after.status}")
    _check_counts(starter.home, run_after.id, result)
    if not result.status:  # the command that has ended marked the row
        _check_row(starter, result)


def _fire_again(starter: Starter, result: Result) -> None:
    number = len(starter.runs()) + 1
    try:
        starter.fire(requests=10, rounds=1)
    except httpx.HTTPError as error:
        result.faults.append(f"the dashboard did not answer: {error!r}")
        return
    starter.wait_for_runs(number)
    run = starter.runs()[-1]
    result.expect(run.status == "finished", f"the next run: {run.status} {run.problem}")
    if run.status == "finished":
        _check_counts(starter.home, run.id, result)


def _check_counts(home: Path, run: str, result: Result) -> None:
    counts = successes(home, run)
    result.expect(counts and all(counts), f"successes of the next run by lane: {counts}")
