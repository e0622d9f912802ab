"""A dashboard with one finished run and a warm target, that receives bad inputs."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.prepared_home import DATABASE, prepare

from .door import Fault

ROOT = Path(__file__).parents[2]
LANE = "async@uvicorn"
SMALL = {
    "scenario": "sleep", "lanes": LANE, "requests": "5", "rounds": "1", "timeout": "30",
    "parameter_delay": "0",
}  # fmt: skip
END_S = 120.0
AROUND = 40  # lines of a failure in the log
REFUSED_HOST = "django.security.DisallowedHost"  # logged with its traceback, and answered 400
FAILURES = ("Internal Server Error", "failed: ", "check of connections failed", "Traceback")
STARTED = (
    "SELECT COUNT(*) FROM dashboard_run WHERE owner_pid != 0",  # imported runs have no owner
    "SELECT COUNT(*) FROM dashboard_experiment",
)


@dataclass(frozen=True)
class Footprint:
    """What a process uses."""

    memory_mib: float
    descriptors: int
    threads: int


@dataclass
class Dashboard:
    """A running dashboard; `run` is the id of its finished run."""

    address: str
    home: Path
    mark: str
    process: psutil.Process
    run: str = ""

    @property
    def footprint(self) -> Footprint:
        """What its process uses now."""
        with self.process.oneshot():
            memory_mib = self.process.memory_info().rss / 2**20
            return Footprint(memory_mib, self.process.num_fds(), self.process.num_threads())

    def browser(self) -> httpx.Client:
        """Return a client that has the CSRF cookie; its default header has the token.

        It spends nothing on certificates, proxies and compression.
        """
        client = httpx.Client(
            base_url=self.address,
            timeout=30,
            verify=False,
            trust_env=False,
            headers={"accept-encoding": "identity"},
        )
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text)[0]
        client.headers["x-csrftoken"] = token
        return client

    def fire(self) -> str:
        """Fire a small run, and return its id once it has finished. Raises Fault."""
        run = self.begin(SMALL)
        self.wait_for_end(run)
        return run

    def begin(self, form: Mapping[str, str]) -> str:
        """Press Run; return the id of the run. Raises Fault if the form is refused."""
        with closing(self.browser()) as client:
            answer = client.post("/runs/", data=form)
        if answer.status_code != 303:
            raise Fault(f"expected a run, found {answer.status_code}")
        return answer.headers["location"].strip("/").rpartition("/")[2]

    def report(self, run: str) -> dict[str, Any]:
        """Return the report of a run that has ended."""
        query = "SELECT report FROM dashboard_run WHERE id = ?"
        with closing(sqlite3.connect(self.home / DATABASE, timeout=30)) as database:
            report: dict[str, Any] = json.loads(database.execute(query, (run,)).fetchone()[0])
        return report

    def started(self) -> list[int]:
        """Return how many runs and experiments were started here."""
        with closing(sqlite3.connect(self.home / DATABASE, timeout=30)) as database:
            return [int(database.execute(query).fetchone()[0]) for query in STARTED]

    def errors(self) -> list[str]:
        """Return the parts of the log that are about a failure of Liveburst itself."""
        log = self.home / "dashboard.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        failed = [
            number
            for number, line in enumerate(lines)
            if any(words in line for words in FAILURES)
            and REFUSED_HOST not in lines[max(0, number - 1)]
        ]
        return ["\n".join(lines[max(0, number - 1) : number + AROUND]) for number in failed]

    def check_alive(self) -> None:
        """Raise Fault unless it answers."""
        try:
            httpx.get(f"{self.address}/queue/", timeout=20).raise_for_status()
        except httpx.HTTPError as error:
            raise Fault(f"the dashboard does not answer: {error!r}") from None

    def wait_for_end(self, run: str) -> None:
        """Wait until a run has ended. Raises Fault unless it has finished."""
        deadline_s = time.monotonic() + END_S
        status = ""
        while time.monotonic() < deadline_s:
            with closing(sqlite3.connect(self.home / DATABASE, timeout=30)) as database:
                row = database.execute("SELECT status FROM dashboard_run WHERE id = ?", (run,))
                (status,) = row.fetchone()
            if status not in ("waiting", "starting", "running"):
                break
            time.sleep(0.05)
        if status != "finished":
            raise Fault(f"expected a finished run, found {status!r}")


@contextmanager
def dashboard(home: Path | None = None, **variables: str) -> Iterator[Dashboard]:
    """Start a dashboard and fire one run; it ends with the block.

    Without `home` it has a new one, which is deleted. `variables` are added to its environment.
    """
    with ExitStack() as stack:
        if home is None:
            temporary = tempfile.TemporaryDirectory(prefix="liveburst-bad-")
            home = Path(stack.enter_context(temporary))
        prepare(home)
        made = stack.enter_context(_started(home, variables))
        made.run = made.fire()
        yield made


@contextmanager
def _started(home: Path, variables: Mapping[str, str]) -> Iterator[Dashboard]:
    mark = f"liveburst-bad-{uuid.uuid4().hex}"
    inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    own = {"LIVEBURST_HOME": str(home), "LIVEBURST_MARK": mark}
    with subprocess.Popen(
        [sys.executable, "manage.py", "lab", "--no-browser", "--port", "0"],
        cwd=ROOT,
        env={**inherited, **own, **variables},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = re.findall(r"http://[^/\s?]+", process.stdout.readline())[0]
            yield Dashboard(address, home, mark, psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(END_S)


def _is_ours(name: str) -> bool:
    return name == "DJANGO_SETTINGS_MODULE" or name.startswith("LIVEBURST_")
