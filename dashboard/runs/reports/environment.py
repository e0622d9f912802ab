"""The environment of a measurement: stored with every run."""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from pathlib import Path

import django

from dashboard.wire.report.report import Environment

CPU_INFO = Path("/proc/cpuinfo")


def describe_environment() -> Environment:
    """Return the machine and the dashboard's own versions; a target's are in its lane's facts."""
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "system": f"{platform.system()} {platform.release()}",
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "load_average": list(os.getloadavg()),
    }


@lru_cache(maxsize=1)
def _cpu_model() -> str | None:
    """Return the CPU's name, read once: some kernels measure each core's frequency meanwhile."""
    if not CPU_INFO.exists():
        return platform.processor() or None
    lines = CPU_INFO.read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None)
