"""`python -m bench.profile`: a profile of the load generator at full speed.

py-spy samples the load generator 300 times per second, in Python and C. Each look counts for the
innermost known frame: a system call, uvloop, httptools, or a function of the load generator. What
remains beside the system calls is what a faster load generator could still save.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.wire.plan.plan import Burst

from .comparison import null_server
from .firing import fire
from .tools import BenchFailed

PY_SPY = Path(__file__).parent / ".venv/bin/py-spy"
CONNECTIONS = 64
REQUESTS = 900_000  # lasts longer than py-spy's sampling
LOOKS_PER_S, LOOKS_FOR_S = 300, 4
SYSTEM_CALLS = ("write", "read", "epoll_pwait", "epoll_wait")
# uvloop and httptools are compiled from these.
C_FILES = {
    "loop.c": "uvloop",
    "core.c": "uvloop",
    "linux.c": "uvloop",
    "stream.c": "uvloop",
    "parser.c": "httptools",
    "llhttp.c": "httptools",
    "api.c": "httptools",
}
FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^():]+)(?::\d+)?\)$")
LEAST_PERCENT = 0.5


def main() -> int:
    """Fire, profile, and print a table; return 1 if there were no samples."""
    try:
        print(profile())
    except BenchFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def profile() -> str:
    """Return the profile as a Markdown table. Raises BenchFailed."""
    if not PY_SPY.exists():
        raise BenchFailed("py-spy is not here: `make bench` brings it.")
    looks = _looks()
    rows = [
        f"| {what} | {100 * count / looks.total():.1f} % |"
        for what, count in looks.most_common()
        if 100 * count / looks.total() >= LEAST_PERCENT
    ]
    return "\n".join(
        [
            "## Where the engine's core goes",
            "",
            f"{looks.total():,} looks by py-spy at the engine with {CONNECTIONS} connections. The",
            "kernel's part is any tool's: a write and a read a request.",
            "",
            "| what | share |",
            "| --- | ---: |",
            *rows,
        ]
    )


def _looks() -> Counter[str]:
    """Return the counts by known frame."""
    with tempfile.TemporaryDirectory() as directory, null_server() as server:
        stacks = Path(directory, "stacks")
        spies: list[threading.Thread] = []

        def watch(engine: int) -> None:
            spies.append(threading.Thread(target=_spy, args=(engine, stacks)))
            spies[-1].start()

        port = urlsplit(server.url).port
        assert port
        fire(port, Burst(REQUESTS, CONNECTIONS), started=watch)
        for spy in spies:
            spy.join()
        if not stacks.exists():
            raise BenchFailed("py-spy wrote nothing: may this user trace its own processes?")
        return count_looks(stacks.read_text().splitlines())


def _spy(engine: int, stacks: Path) -> None:
    command = [str(PY_SPY), "record", "--native", "--format", "raw", "--output", str(stacks)]
    times = ["--rate", str(LOOKS_PER_S), "--duration", str(LOOKS_FOR_S)]
    subprocess.run([*command, *times, "--pid", str(engine)], capture_output=True, check=False)


def count_looks(stacks: Iterable[str]) -> Counter[str]:
    """Return the counts by known frame from py-spy's lines, `frame;frame;…;innermost COUNT`."""
    looks: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        looks[_going_on(stack.split(";"))] += int(count)
    return looks


def _going_on(stack: list[str]) -> str:
    """Return the name of the innermost known frame."""
    for text in reversed(stack):
        frame = FRAME.match(text)
        if frame is None:
            continue
        function, file = frame["function"], frame["file"]
        if function in SYSTEM_CALLS:
            return f"the kernel: `{function}`"
        if file in C_FILES:
            return C_FILES[file]
        if "dashboard/" in file:
            return f"engine: `{function}`"
    return "the rest of Python"


if __name__ == "__main__":
    sys.exit(main())
