"""`python -m bench.sampled`: what the sampler costs the target that it looks at.

Two targets of the built-in project under the same server, one of them sampled, are fired at in
turns. The interval of the ratio of their total times shows the cost: none on views that wait, and
less than 5 % on a lane at its CPU limit. Status 1 if that is missed.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from dashboard.analysis.inference.intervals import student
from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.external_target import ExternalTarget
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.observe.sampler_files import read_looks, sampler_environment
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.plan.plan import Burst

from .firing import ROOT, fire
from .tools import BenchFailed

PAIRS = 20
LEVEL_ALPHA = 0.05
MARGIN = 0.05
MARK = "bench-sampled"


@dataclass(frozen=True)
class Case:
    """A lane, and the load that is fired at it."""

    server: str
    path: str
    load: Burst


CASES = (
    Case("gunicorn-gthread", "/sleep/sync/?delay=0.05", Burst(100, 20)),
    Case("uvicorn", "/sleep/async/?delay=0.05", Burst(400, 100)),
    Case("gunicorn-gthread", "/cpu/sync/?limit=200000", Burst(100, 10)),
    Case("uvicorn", "/cpu/async-naive/?limit=200000", Burst(100, 10)),
)


def main() -> int:
    """Measure every case; return 1 if one costs more than it may."""
    parser = ArgumentParser(prog="python -m bench.sampled", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    options = parser.parse_args()
    verdicts = [asyncio.run(_measure(case, options.pairs)) for case in CASES]
    return int(not all(verdicts))


async def _measure(case: Case, pairs: int) -> bool:
    """Print the ratio of a case, and return True if it is small enough."""
    with tempfile.TemporaryDirectory() as directory:
        looks = Path(directory, "looks")
        looks.mkdir()  # noqa: ASYNC240 - nothing else runs in this loop
        async with (
            _target(case, {}, directory) as plain,
            _target(case, sampler_environment(looks), directory) as sampled,
        ):
            logs = [_pair(case, plain, sampled, number % 2 == 0) for number in range(pairs)]
            share = await _cpu_share(case, sampled, looks)
    bounds = student(np.array(logs), LEVEL_ALPHA)
    low, high = math.exp(float(bounds.low)), math.exp(float(bounds.high))
    small_enough = high <= 1 + MARGIN
    print(
        f"{case.path} @ {case.server}: sampled {math.exp(median(logs)):.3f}"
        f" ({low:.3f} to {high:.3f}), {'no difference' if small_enough else 'too expensive'};"
        f" the sampler used {100 * share:.1f} % of a core; {pairs} pairs",
        flush=True,
    )
    return small_enough


@asynccontextmanager
async def _target(case: Case, env: dict[str, str], directory: str) -> AsyncIterator[int]:
    """Start a target of the built-in project, and yield its port."""
    project = load_manifest(ROOT / "liveapp" / "lab.toml")
    project = replace(project, env={**project.env, **env})
    pool = Targets(project, mark=MARK, log_directory=Path(directory), cores=Cores.here())
    try:
        target = await pool.ready(case.server, lambda state, message: None)
        if isinstance(target, ExternalTarget):
            raise BenchFailed(f"{case.server}: expected a server that we start")
        yield target.port
    finally:
        await pool.stop()


def _pair(case: Case, plain: int, sampled: int, plain_first: bool) -> float:
    """Return the logarithm of the ratio of the sampled target's total time to the other's."""
    ports = (plain, sampled) if plain_first else (sampled, plain)
    total = {port: _total_ns(case, port) for port in ports}
    return math.log(total[sampled] / total[plain])


def _total_ns(case: Case, port: int) -> int:
    fired = fire(port, case.load, path=case.path)
    return max(fired.samples["done"]) - min(fired.samples["due"])


async def _cpu_share(case: Case, port: int, directory: Path) -> float:
    """Return the sampler's share of a core in one more firing."""
    start_ns = time.monotonic_ns()
    fire(port, case.load, path=case.path)
    looks = await read_looks(directory, ROOT, start_ns, time.monotonic_ns())
    return looks.sampler["cpu_share"]


if __name__ == "__main__":
    sys.exit(main())
