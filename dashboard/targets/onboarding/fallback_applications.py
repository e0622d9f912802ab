"""The applications that Django itself makes, for a project that has no module for one."""

from __future__ import annotations

DJANGOS_OWN = "liveburst_django"  # the module, in the probe's directory


def djangos_own(interface: str) -> str:
    """Return the import string of Django's own application, for `wsgi` or `asgi`."""
    return f"{DJANGOS_OWN}:{interface}"


def is_djangos_own(application: str | None) -> bool:
    """Return whether an import string names one of Django's own applications."""
    return application is not None and application.partition(":")[0] == DJANGOS_OWN
