"""The tools to compare with: their command lines, and how their output is read.

Each fires a closed load over keep-alive connections without pipelining, for `SECONDS`, from one
core. A number that a tool does not print is None.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.wire.percentile import nearest_rank

SECONDS = 2
HERE = Path(__file__).parent
# `make bench` installs these two into separate directories.
AUTOCANNON = HERE / "node_modules/.bin/autocannon"
LOCUST = HERE / ".venv/bin/locust"
LONGEST_S = 60  # of one turn, start-up included
ENOUGH_REQUESTS = 10_000_000  # ab needs a number and a time, and stops at the first of them


class BenchFailed(Exception):
    """A turn without a result; its text has the output."""


@dataclass(frozen=True)
class Reading:
    """The result of a turn, as reported by the tool."""

    rps: float
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True)
class Tool:
    """A program, its command line for a URL and a number of connections, and its reader."""

    name: str
    program: str
    arguments: Callable[[str, int], list[str]]
    read: Callable[[str], Reading]

    @property
    def here(self) -> bool:
        """True if it is installed."""
        return shutil.which(self.program) is not None

    def fire(self, url: str, connections: int) -> Reading:
        """Fire for one turn. Raises BenchFailed if it fails, or prints no rate."""
        command = [self.program, *self.arguments(url, connections)]
        try:
            done = subprocess.run(
                command, cwd=HERE, capture_output=True, text=True, check=False, timeout=LONGEST_S
            )
        except subprocess.TimeoutExpired:
            raise BenchFailed(f"{self.name} was not done after {LONGEST_S} s") from None
        if done.returncode:
            raise BenchFailed(f"{self.name} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        try:
            return self.read(done.stdout)
        except (LookupError, ValueError) as error:
            seen = f"expected a rate and no errors ({error}), found\n{done.stdout[-2000:]}"
            raise BenchFailed(f"{self.name}: {seen}") from None


def _number(pattern: str, text: str) -> float:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise LookupError(f"nothing matches {pattern!r}")
    return float(match[1])


def _none_of(pattern: str, text: str) -> None:
    match = re.search(pattern, text, re.MULTILINE)
    if match is not None:
        raise ValueError(match[0])


def _wrk(text: str) -> Reading:
    _none_of(r"^\s*(Socket errors|Non-2xx).*", text)
    return Reading(
        _number(r"^Requests/sec:\s*([\d.]+)", text),
        _wrks_time_ms(text, "50%"),
        _wrks_time_ms(text, "99%"),
    )


def _wrks_time_ms(text: str, percent: str) -> float:
    match = re.search(rf"^\s*{percent}\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)
    if match is None:
        raise LookupError(f"no {percent}")
    return float(match[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[match[2]]


def _h2load(text: str) -> Reading:
    _none_of(r"\b[1-9]\d* (failed|errored|timeout)\b", text)
    return Reading(_number(r"^finished in .*?, ([\d.]+) req/s", text))


def _ab(text: str) -> Reading:
    _none_of(r"^(Failed requests:\s+[1-9].*|Non-2xx.*)", text)
    return Reading(
        _number(r"^Requests per second:\s+([\d.]+)", text),
        _number(r"^\s*50%\s+(\d+)", text),
        _number(r"^\s*99%\s+(\d+)", text),
    )


def _hey(text: str) -> Reading:
    _none_of(r"^Error distribution:", text)
    return Reading(
        _number(r"^\s*Requests/sec:\s+([\d.]+)", text),
        _number(r"^\s*50% in ([\d.]+) secs", text) * 1e3,
        _number(r"^\s*99% in ([\d.]+) secs", text) * 1e3,
    )


def _autocannon(text: str) -> Reading:
    result = json.loads(text)
    failed = result["errors"] + result["timeouts"] + result["non2xx"]
    if failed:
        raise ValueError(f"{failed} failed")
    latency = result["latency"]
    return Reading(result["2xx"] / result["duration"], latency["p50"], latency["p99"])


def _locust(text: str) -> Reading:
    result: dict[str, Any] = json.loads(text)[0]
    if result["num_failures"]:
        raise ValueError(f"{result['num_failures']} failed")
    lasted_s = result["last_request_timestamp"] - result["start_time"]
    times_ms = sorted(
        time_ms
        for time_ms, times in ((float(t), n) for t, n in result["response_times"].items())
        for _ in range(times)
    )
    p50_ms, p99_ms = (nearest_rank(times_ms, percent) for percent in (50.0, 99.0))
    return Reading(result["num_requests"] / lasted_s, p50_ms, p99_ms)


TOOLS = (
    Tool(
        "wrk",
        "wrk",
        lambda url, connections: ["-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", url],
        _wrk,
    ),
    Tool(
        "h2load",
        "h2load",
        lambda url, connections: ["--h1", "-t1", f"-c{connections}", f"-D{SECONDS}", url],
        _h2load,
    ),
    Tool(
        "ab",
        "ab",
        lambda url, connections: [
            *("-k", "-q", f"-t{SECONDS}", f"-n{ENOUGH_REQUESTS}", f"-c{connections}", url)
        ],
        _ab,
    ),
    Tool(
        "hey",
        "hey",
        lambda url, connections: ["-cpus", "1", "-z", f"{SECONDS}s", "-c", f"{connections}", url],
        _hey,
    ),
    Tool(
        "autocannon",
        str(AUTOCANNON),
        lambda url, connections: ["-c", f"{connections}", "-d", f"{SECONDS}", "-j", url],
        _autocannon,
    ),
    Tool(
        "locust",
        str(LOCUST),
        lambda url, connections: [
            *("-f", "locustfile.py", "--headless", "--json", "--host", url.rstrip("/")),
            # Users are created in the first second, so two seconds of full load follow.
            *("-u", f"{connections}", "-r", f"{connections}", "-t", f"{SECONDS + 1}s"),
        ],
        _locust,
    ),
)
