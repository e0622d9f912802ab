"""One strike: start a run, send a signal to one of its processes, and note what was left.

Only processes that carry the strike's own mark are looked at, and only they receive a signal.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from dashboard.wire import frame
from dashboard.wire.errors import FrameError

from .observed_processes import (
    all_ports,
    is_alive,
    is_guard,
    listening_ports,
    marked,
    processes_below,
    shown,
    until,
)

ROOT = Path(__file__).parents[1]
VICTIMS = ("target", "worker", "companion", "engine", "guard", "dashboard", "terminal")
SIGNALS = ("KILL", "TERM", "STOP")
STAGES = ("starting", "running", "late", "warm")
STARTERS = ("dashboard", "terminal")
LANES = ("sync@gunicorn-gthread", "async@uvicorn")
ACTIVE = ("waiting", "starting", "running")
GONE_S = 3.0  # within which processes and ports must be gone
STOPPED_S = 2.0  # how long a stopped process is left alone
END_S, PRESENT_S = 90.0, 60.0


@dataclass(frozen=True)
class Case:
    """Which process receives which signal; the seed decides stage, moment and starter."""

    victim: str
    signal: str
    seed: int

    @property
    def name(self) -> str:
        """Its name in the file of results."""
        return f"{self.victim}-{self.signal}-{self.seed}"


@dataclass
class Result:
    """What became of one strike; without `faults` every promise held."""

    case: str
    starter: str
    stage: str
    status: str = ""
    problem: str = ""
    faults: list[str] = field(default_factory=list)

    def expect(self, condition: object, fault: str) -> None:
        """Note a fault if the condition does not hold."""
        if not condition:
            self.faults.append(fault)


class Starter:
    """A dashboard or a command with a mark of its own, and the runs that it stores in `home`."""

    def __init__(self, home: Path, kind: str) -> None:
        self.home, self.kind = home, kind
        self.mark = f"liveburst-fault-{uuid.uuid4().hex}"
        self.address = ""
        self.before = {run_id for run_id, *_ in runs_in(home)}
        options = [word for lane in LANES for word in ("--lane", lane)]
        project = ["--project", str(_project(home))]
        burst = ["burst", "sleep", *options, "-n", "40", "--rounds", "3", "--timeout", "5"]
        lab = ["lab", "--no-browser", "--port", "0"]
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *(lab if kind == "dashboard" else burst), *project],
            cwd=ROOT,
            env=_environment(home, self.mark),
            stdout=subprocess.PIPE if kind == "dashboard" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        if self.process.stdout is not None:
            line = self.process.stdout.readline()
            self.address = next(iter(re.findall(r"http://[^/\s?]+", line)), "")
            self.fire(requests=40, rounds=3)

    def fire(self, requests: int, rounds: int) -> None:
        """Press Run on the dashboard's page."""
        with httpx.Client(base_url=self.address, timeout=30, follow_redirects=True) as browser:
            token = re.findall(
                r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/").text
            )[0]
            form = {
                "csrfmiddlewaretoken": token, "scenario": "sleep", "lanes": list(LANES),
                "requests": str(requests), "rounds": str(rounds), "timeout": "5",
                "parameter_delay": "0.1",
            }  # fmt: skip
            browser.post("/runs/", data=form).raise_for_status()

    def stop_run(self) -> None:
        """Stop the run, as its user does."""
        if self.kind == "terminal":
            self.process.send_signal(signal.SIGINT)
            return
        with httpx.Client(base_url=self.address, timeout=30) as browser:
            token = re.findall(
                r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get("/").text
            )[0]
            browser.post(f"/runs/{self.runs()[-1][0]}/stop/", data={"csrfmiddlewaretoken": token})

    def runs(self) -> list[tuple[str, str, str]]:
        """Return id, status and problem of each run stored since the start, oldest first."""
        return [run for run in runs_in(self.home) if run[0] not in self.before]

    def processes(self) -> list[psutil.Process]:
        """Return the processes with the mark, zombies left out."""
        return list(marked(self.mark))

    def ports(self) -> set[int]:
        """Return the ports on which they listen."""
        return {port for process in self.processes() for port in listening_ports(process)}

    def candidates(self, victim: str) -> list[psutil.Process]:
        """Return the processes of this kind, in a stable order."""
        if victim in STARTERS:
            return [psutil.Process(self.process.pid)] if self.process.poll() is None else []
        return sorted(
            (process for process in self.processes() if self._role(process) == victim),
            key=lambda process: process.pid,
        )

    def _role(self, process: psutil.Process) -> str:
        with suppress(psutil.Error):
            words = process.cmdline()
            if process.pid == self.process.pid:
                return self.kind
            if is_guard(process):
                return "guard"
            for word, role in (("dashboard.engine", "engine"), ("liveapp.upstream", "companion")):
                if word in words:
                    return role
            if {"gunicorn", "uvicorn"} & set(words):
                parent = process.parent()
                return "target" if parent is not None and is_guard(parent) else "worker"
        return ""


def strike(case: Case, home: Path) -> Result:
    """Perform one strike and return what was found; nothing of it is left."""
    chance = random.Random(case.name)
    kind = case.victim if case.victim in STARTERS else chance.choice(STARTERS)
    stage = chance.choice(STAGES[:3] if kind == "terminal" else STAGES)
    result = Result(case.name, kind, stage)
    with _started(home, kind) as starter:
        victim = _wait_for_victim(starter, case, stage, chance)
        if victim is None:
            result.faults.append("the victim did not appear")
            return result
        below = processes_below(victim)
        ports = starter.ports()
        victim.send_signal(getattr(signal, f"SIG{case.signal}"))
        _check_what_follows(case, starter, below, ports, result)
        _check_rows(starter, result)
        _check_next_run(starter, result)
        _end(starter, result)
    return result


def _check_what_follows(
    case: Case,
    starter: Starter,
    below: list[psutil.Process],
    ports: set[int],
    result: Result,
) -> None:
    """Wait for the end that the signal has; nothing of the victim may be left after GONE_S."""
    if case.signal == "STOP":
        until(lambda: False, STOPPED_S)
        if case.victim in STARTERS:
            starter.process.kill()
        else:
            starter.stop_run()
    if case.victim in STARTERS:
        with suppress(subprocess.TimeoutExpired):
            starter.process.wait(10)
        result.expect(starter.process.poll() is not None, "the starter did not end")
        left = until(lambda: not starter.processes(), GONE_S)
        result.expect(left, f"processes are left: {shown(starter.processes())}")
        result.expect(not ports & all_ports(), "a port is left")
    elif case.signal == "KILL":
        gone = until(lambda: not any(is_alive(process) for process in below), GONE_S)
        result.expect(gone, f"processes are left: {shown(filter(is_alive, below))}")


def _check_rows(starter: Starter, result: Result) -> None:
    """The run's row has how it ended, and each of its frames can be read."""
    alive = starter.process.poll() is None
    ended = until(
        lambda: all(run[1] not in ACTIVE for run in starter.runs()), END_S if alive else 0
    )
    result.expect(ended or not alive, "the run did not end")
    if not alive:  # the next command marks it
        _burst(starter.home, starter.mark)
    for run_id, status, problem in starter.runs()[:1]:
        result.status, result.problem = status, problem
        result.expect(status not in ACTIVE, f"the row is still {status}")
        result.expect(status != "failed" or problem, "failed without a reason")
        result.expect("Liveburst itself failed" not in problem, "an internal error")
        _check_frames(starter.home, run_id, result)


def _check_frames(home: Path, run_id: str, result: Result) -> None:
    with closing(_database(home)) as database:
        rows = database.execute(
            "SELECT sequence, data FROM dashboard_storedframe WHERE run_id = ? ORDER BY sequence",
            (run_id,),
        ).fetchall()
    numbers = [number for number, _ in rows]
    result.expect(
        not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers))),
        "the frames have a gap",
    )
    for _, data in rows:
        try:
            frame.decode(bytes(data))
        except FrameError as error:
            result.faults.append(f"a frame cannot be read: {error}")


def _check_next_run(starter: Starter, result: Result) -> None:
    """The next run works: on the same dashboard, if it is still there."""
    if starter.kind == "dashboard" and starter.process.poll() is None:
        before = len(starter.runs())
        try:
            starter.fire(requests=10, rounds=1)
        except httpx.HTTPError as error:
            result.faults.append(f"the dashboard did not answer: {error!r}")
            return
        until(lambda: len(starter.runs()) > before and starter.runs()[-1][1] not in ACTIVE, END_S)
        run_id, status, problem = starter.runs()[-1]
        result.expect(status == "finished", f"the next run: {status} {problem}")
        counts = _successes(starter.home, run_id)
        result.expect(counts and all(counts), f"successes of the next run by lane: {counts}")
    else:
        result.expect(_burst(starter.home, starter.mark) == 0, "the next command failed")


def _successes(home: Path, run_id: str) -> list[int]:
    """Return how many requests of each lane had a success; empty without a report."""
    with closing(_database(home)) as database:
        query = "SELECT report FROM dashboard_run WHERE id = ?"
        (text,) = database.execute(query, [run_id]).fetchone()
    return [lane["ok"] for lane in json.loads(text or "{}").get("lanes", [])]


def _end(starter: Starter, result: Result) -> None:
    if starter.process.poll() is None:
        starter.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        starter.process.wait(15)
    result.expect(starter.process.poll() is not None, "SIGTERM did not end the starter")
    gone = until(lambda: not starter.processes(), GONE_S)
    result.expect(gone, f"processes are left at the end: {shown(starter.processes())}")


@contextmanager
def _started(home: Path, kind: str) -> Iterator[Starter]:
    starter = Starter(home, kind)
    try:
        yield starter
    finally:
        for process in starter.processes():
            with suppress(psutil.Error):
                process.kill()
        starter.process.kill()
        starter.process.communicate()


def _wait_for_victim(
    starter: Starter, case: Case, stage: str, chance: random.Random
) -> psutil.Process | None:
    """Return the process to strike once the stage has come, and a moment of it has passed."""
    wanted = {"starting": ACTIVE[1:], "running": ("running",), "late": ("running",), "warm": ()}

    def reached() -> bool:
        statuses = [status for _, status, _ in starter.runs()]
        if stage == "warm":
            return bool(statuses) and statuses[0] not in ACTIVE
        return any(status in wanted[stage] or status not in ACTIVE for status in statuses)

    until(reached, PRESENT_S)
    pause_s = chance.uniform(0.8, 1.6) if stage == "late" else chance.uniform(0, 0.8)
    until(lambda: False, pause_s)
    until(lambda: starter.candidates(case.victim), PRESENT_S / 4)
    candidates = starter.candidates(case.victim)
    return chance.choice(candidates) if candidates else None


def _project(home: Path) -> Path:
    """Return a lab.toml of the built-in project whose gunicorn has workers to kill."""
    path = home / "lab.toml"
    if not path.exists():
        text = (ROOT / "liveapp" / "lab.toml").read_text()
        text = text.replace('directory = ".."', f'directory = "{ROOT}"')
        text = re.sub(r"(\[companion\.upstream\]\n(?:.+\n)*?)scenarios = .*\n", r"\1", text)
        path.write_text(f"{text}\n[server.gunicorn-gthread]\nprocesses = 2\n")
    return path


def _burst(home: Path, mark: str) -> int:
    command = ["burst", "sleep", "--lane", "sync@waitress", "--set", "delay=0", "-n", "5"]
    return subprocess.run(
        [sys.executable, "manage.py", *command, "--rounds", "1", "--no-neighbour"],
        check=False,
        cwd=ROOT,
        env=_environment(home, mark),
        capture_output=True,
        timeout=120,
    ).returncode


def _environment(home: Path, mark: str) -> dict[str, str]:
    left_out = ("DJANGO_SETTINGS_MODULE",)
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**inherited, "LIVEBURST_HOME": str(home), "LIVEBURST_MARK": mark}


def runs_in(home: Path) -> list[tuple[str, str, str]]:
    """Return id, status and problem of each stored run, oldest first."""
    if not (home / "liveburst.sqlite3").exists():
        return []
    query = "SELECT id, status, problem FROM dashboard_run ORDER BY created"
    with closing(_database(home)) as database:
        try:
            return database.execute(query).fetchall()
        except sqlite3.OperationalError:  # not migrated yet
            return []


def _database(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "liveburst.sqlite3", timeout=10)
