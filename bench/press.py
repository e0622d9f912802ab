"""`python -m bench.press`: how long a press waits during a calibration.

A null server is the running target. Presses alternate: one while the dashboard is idle, one at some
moment of a calibration. The time is measured from the press to the event `began`, the first
visible one. Takes less than a minute.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from dashboard.wire.frame import Frame
from dashboard.wire.units import MS_PER_S

from .comparison import null_server
from .memory import PROJECT

if TYPE_CHECKING:
    from dashboard.runs.queue.laboratory import Laboratory
    from dashboard.runs.sinks.sink import Outcome
    from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Plan

MOMENTS_S = (0.05, 0.2, 0.4, 0.6, 0.8)  # of a calibration, at which the button is pressed
LIMIT_MS = 1500.0  # how much longer a press may wait
MISSED = 1


@dataclass
class Began:
    """A sink that notes when its run's first firing began."""

    at_s: float | None = None

    async def begin(self, plan: Plan) -> None:
        """Do nothing: nothing is visible yet."""

    async def event(self, event: Mapping[str, Any]) -> None:
        """Note the instant of the first `began`."""
        if event["event"] == "began" and self.at_s is None:
            self.at_s = time.monotonic()

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Do nothing: frames are later."""

    async def end(self, outcome: Outcome) -> None:
        """Do nothing."""


def main() -> int:
    """Press, print the waits in ms, and return 1 if a calibration adds too much to them."""
    with tempfile.TemporaryDirectory() as home, null_server() as server:
        laboratory, plan = _set_up(Path(home), server.url.rstrip("/"))
        quiet_ms, during_ms = asyncio.run(_measure(laboratory, plan))
    added_ms = max(during_ms) - median(quiet_ms)
    print(f"a press while idle: {_waits_text(quiet_ms)}")
    print(f"a press during a calibration: {_waits_text(during_ms)}")
    print(f"longest wait that it adds: {added_ms:.0f} ms, at most {LIMIT_MS:.0f} ms wanted")
    return MISSED if added_ms > LIMIT_MS else 0


def _waits_text(waits_ms: Sequence[float]) -> str:
    return f"median {median(waits_ms):.0f} ms, longest {max(waits_ms):.0f} ms ({len(waits_ms)})"


def _set_up(home: Path, url: str) -> tuple[Laboratory, Plan]:
    """Return a laboratory with its own database, and a plan of one request."""
    os.environ["LIVEBURST_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    # Imported here, since the settings read the home directory.
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from dashboard.project.labtoml.load import load_manifest  # noqa: PLC0415
    from dashboard.runs.planning.plans import make_plan  # noqa: PLC0415
    from dashboard.runs.wiring import set_up  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    manifest = home / "lab.toml"
    manifest.write_text(PROJECT.format(url=url))
    project = load_manifest(manifest)
    plan = make_plan(project, scenario="nothing", requests=1, rounds=1)
    return set_up(project, home), plan


async def _measure(laboratory: Laboratory, plan: Plan) -> tuple[list[float], list[float]]:
    """Return the waits in ms: while idle, and at each moment of a calibration."""
    quiet_ms, during_ms = [], []
    try:
        await laboratory.calibrate()  # starts the load generator
        await _wait_of_press_ms(laboratory, plan)  # starts the target
        for moment_s in MOMENTS_S:
            quiet_ms.append(await _wait_of_press_ms(laboratory, plan))
            calibration = asyncio.create_task(laboratory.calibrate())
            await asyncio.sleep(moment_s)
            during_ms.append(await _wait_of_press_ms(laboratory, plan))
            await calibration
    finally:
        await laboratory.close()
    return quiet_ms, during_ms


async def _wait_of_press_ms(laboratory: Laboratory, plan: Plan) -> float:
    began, pressed_s = Began(), time.monotonic()
    run = await laboratory.start(plan, [began])
    outcome = await laboratory.outcome(run)
    if began.at_s is None:
        raise RuntimeError(f"expected a run, found {outcome}")
    return (began.at_s - pressed_s) * MS_PER_S


if __name__ == "__main__":
    sys.exit(main())
