"""`python -m tests.browser.disturb HOME RUN`: make a stored run one that was disturbed.

As if the load generator had been held up for 39 ms in each firing. Other processes that use every
core disturb a run on some machines and not on others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import django

ROOT = Path(__file__).parents[2]
STALL_NS = 39_000_000


def disturb(home: Path, run: str) -> None:
    """Disturb a run of another process's home."""
    subprocess.run(
        [sys.executable, "-m", "tests.browser.disturb", str(home), run], cwd=ROOT, check=True
    )


def main() -> None:
    """Change the readings of the firings, and compute the report again."""
    _, home, run_id = sys.argv
    os.environ.update(LIVEBURST_HOME=home, DJANGO_SETTINGS_MODULE="dashboard.settings")
    django.setup()
    from dashboard.models import Run
    from dashboard.runs.reports.results import report_of

    run = Run.objects.get(pk=run_id)
    for reading in run.readings.all():
        reading.data = {
            **reading.data,
            "loop_lag_p99_ns": STALL_NS,
            "stalls_ns": [[0, STALL_NS]],
        }
        reading.save(update_fields=["data"])
    run.report = report_of(run)
    run.save(update_fields=["report"])


if __name__ == "__main__":
    main()
