"""What starts the runs that are struck: a dashboard, or a command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from bench.observed_processes import (
    Marks,
    command_of,
    descends_from,
    is_guard,
    listening_sockets,
    parent_of,
    until,
)
from tests.management.forked.fork import Fork

from .stored import StoredRun, runs_in

PROJECT = Path(__file__).with_name("project")
LANES = ("sync@gunicorn-gthread", "async@uvicorn")
REQUESTS = 40
RECENT_S = 0.1  # how old a look at the processes may be where nothing is concluded from it
END_S = 90.0
ROLES = {"dashboard.engine": "engine", "http.server": "companion"}
SERVERS = {"gunicorn", "uvicorn"}
MARKS = Marks()


class Starter:
    """A dashboard or a `burst` with a mark of its own, and the runs that it stores in `home`."""

    def __init__(self, home: Path, kind: str, rounds: int = 0) -> None:
        self.home, self.kind = home, kind
        self.mark = f"liveburst-fault-{uuid.uuid4().hex}"
        self.project = _project_in(home)
        self._before = {run.id for run in runs_in(home)}
        lanes = [word for lane in LANES for word in ("--lane", lane)]
        numbers = ["-n", str(REQUESTS), "--rounds", str(rounds), "--timeout", "5"]
        lab = ["lab", "--no-browser", "--port", "0"]
        arguments = lab if kind == "dashboard" else ["burst", "wait", *lanes, *numbers]
        with (home / f"{kind}.stderr").open("a") as stderr:
            self.process = Fork(
                [*arguments, "--project", str(self.project)], environment(home, self.mark), stderr
            )
        self._browser: httpx.Client | None = None
        if kind == "dashboard":
            try:
                self._browser = self._opened_page()
            except BaseException:
                self.close()
                raise

    def _opened_page(self) -> httpx.Client:
        """Return a client of the dashboard that has its CSRF token."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        addresses = re.findall(r"http://[^/\s?]+", line)
        if not addresses:
            raise RuntimeError(f"expected the dashboard's address, found {line!r}")
        # Neither certificates nor proxies: a client that looks for them takes 50 ms of CPU time.
        browser = httpx.Client(base_url=addresses[0], timeout=30, verify=False, trust_env=False)
        page = browser.get("/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        browser.headers["x-csrftoken"] = token
        return browser

    @property
    def alive(self) -> bool:
        """True while its own process runs."""
        return self.process.poll() is None

    def begin(self) -> None:
        """Forget the runs so far: those that are stored from now on are this strike's."""
        if self.kind == "dashboard":
            self._before = {run.id for run in runs_in(self.home)}

    def fire(self, requests: int, rounds: int) -> None:
        """Press Run on the dashboard's page. Raises RuntimeError if that is refused."""
        assert self._browser is not None
        form = {
            "scenario": "wait", "lanes": list(LANES), "requests": str(requests),
            "rounds": str(rounds), "timeout": "5", "parameter_delay": "0.1",
        }  # fmt: skip
        answer = self._browser.post("/runs/", data=form)
        if answer.status_code != 303:
            raise RuntimeError(f"expected a run, found {answer.status_code}")

    def stop_run(self) -> None:
        """Stop the run, as its user does."""
        if self._browser is None:
            self.process.send_signal(signal.SIGINT)
        elif runs := self.runs():  # which may have ended meanwhile
            answer = self._browser.post(f"/runs/{runs[-1].id}/stop/")
            if answer.is_server_error:
                answer.raise_for_status()

    def start_anew(self) -> None:
        """Have the next run start set-up, companion and targets anew: the lab.toml has changed."""
        self.project.touch()

    def runs(self) -> list[StoredRun]:
        """Return the runs of this strike, oldest first."""
        return [run for run in runs_in(self.home) if run.id not in self._before]

    def wait_for_runs(self, number: int = 1) -> bool:
        """Wait until so many runs are stored and none is active; return whether that came."""

        def ended() -> bool:
            runs = self.runs()
            return len(runs) >= number and not any(run.active for run in runs)

        return until(ended, END_S)

    def pids(self, max_age_s: float = 0.0) -> set[int]:
        """Return its processes, its own included, by a look of at most this age; no zombies."""
        own = {self.process.pid} if self.alive else set()
        return own | set(MARKS.pids(self.mark, max_age_s))

    def sockets(self) -> set[int]:
        """Return the inodes of the TCP sockets on which its processes listen."""
        return listening_sockets(self.pids())

    def strays(self) -> list[int]:
        """Return the processes with its mark that are not below it."""
        own = self.process.pid
        return [pid for pid in self.pids() if not descends_from(pid, own)]

    def candidates(self, victim: str) -> list[psutil.Process]:
        """Return the processes of this kind, in a stable order."""
        pids = self.pids(RECENT_S)
        found = []
        for pid in sorted(pid for pid in pids if self._role(pid) == victim):
            with suppress(psutil.Error):
                found.append(psutil.Process(pid))
        return found

    def _role(self, pid: int) -> str:
        if pid == self.process.pid:
            return self.kind
        if is_guard(pid):
            return "guard"
        words = command_of(pid)
        for word, role in ROLES.items():
            if word in words:
                return role
        if SERVERS & set(words):
            return "target" if is_guard(parent_of(pid)) else "worker"
        return ""

    def close(self) -> None:
        """Kill whatever is left of it."""
        if self._browser is not None:
            self._browser.close()
        for pid in self.pids():
            with suppress(psutil.Error):
                psutil.Process(pid).kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()


def environment(home: Path, mark: str) -> dict[str, str]:
    """Return the environment of a starter with this home and mark."""
    inherited = {
        name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
    }
    return {**inherited, "LIVEBURST_HOME": str(home), "LIVEBURST_MARK": mark}


def burst(home: Path, mark: str) -> int:
    """Fire the smallest run from a terminal; return the status of the command."""
    lane = ["--lane", "sync@waitress", "--set", "delay=0", "-n", "5", "--rounds", "1"]
    arguments = ["burst", "wait", *lane, "--no-neighbour", "--project", str(_project_in(home))]
    with (home / "burst.stderr").open("a") as stderr:
        process = Fork(arguments, environment(home, mark), stderr)
    try:
        return process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(10)
    finally:
        if process.stdout is not None:
            process.stdout.close()


def _project_in(home: Path) -> Path:
    """Return the home's own copy of the project's lab.toml."""
    path = home / "lab.toml"
    if not path.exists():
        text = (PROJECT / "lab.toml").read_text()
        path.write_text(text.replace('directory = "."', f'directory = "{PROJECT}"'))
    return path
