"""What a result depends on: versions and settings of this process; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from typing import Any

from liveburst_application import SET_UP_FIRST
from liveburst_heartbeat import GeventHub
from liveburst_request import UNKNOWN

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]


def versions(loop: Any) -> dict[str, str]:
    """Return the versions of Python, Django and the server, and the event loop's kind."""
    names = ["django", *os.environ["LIVEBURST_SERVER"].split(",")]
    packages = {name: version_of(name) for name in names}
    installed = {name: version for name, version in packages.items() if version}
    if loop is not None:
        kind = "gevent" if isinstance(loop, GeventHub) else type(loop).__module__
        installed["loop"] = kind.partition(".")[0]
    return {"python": platform.python_version(), **installed}


def version_of(package: str) -> str | None:
    """Return the installed version of a package; None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None


def django_settings() -> dict[str, Any] | None:
    """Return the project's settings that change a measurement; None without Django."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not settings.configured:
        return None
    ages = [database.get("CONN_MAX_AGE", 0) for database in settings.DATABASES.values()]
    return {
        "debug": bool(settings.DEBUG),
        "allowed_hosts": [str(host) for host in settings.ALLOWED_HOSTS],
        "keeps_connections": any(age != 0 for age in ages),
        "set_up_first": bool(SET_UP_FIRST),
    }


def context_switches() -> int:
    """Return those of all threads of this process, ended ones too (/proc forgets those)."""
    if resource is None:
        return UNKNOWN
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_nvcsw + usage.ru_nivcsw
