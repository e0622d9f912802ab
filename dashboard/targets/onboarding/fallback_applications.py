"""The applications that Django itself makes, for a project without a module for one."""

from __future__ import annotations

FALLBACK_MODULE = "liveburst_django"  # in the probe's directory


def fallback_application(interface: str) -> str:
    """Return the import string of Django's own application, for `wsgi` or `asgi`."""
    return f"{FALLBACK_MODULE}:{interface}"


def is_fallback_application(application: str | None) -> bool:
    """Return True if an import string names one of Django's own applications."""
    return application is not None and application.partition(":")[0] == FALLBACK_MODULE
