"""Free disk space, checked before a run: frames that cannot be stored were measured in vain."""

from __future__ import annotations

import shutil
from pathlib import Path

from dashboard.wire.errors import DiskFull
from dashboard.wire.units import BYTES_PER_MB

LEAST_FREE_MB = 50  # the logs of two targets; 100,000 samples with health take 10 MB


def check_disk(directory: Path) -> None:
    """Raise DiskFull if the directory's disk has no room for a run."""
    try:
        free_mb = shutil.disk_usage(directory).free / BYTES_PER_MB
    except OSError:  # unknown; whatever writes there reports what is wrong
        return
    if free_mb < LEAST_FREE_MB:
        found = f"{free_mb:.0f} MB are free in {directory}"
        raise DiskFull(f"Disk full: a run needs {LEAST_FREE_MB} MB, {found}. Make room there.")
