"""Which variables of our own environment a project's processes inherit."""

from __future__ import annotations

# Variables that belong to the dashboard, or would change a server behind the catalogue's back.
_NOT_HANDED_ON = (
    *("DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"),
    *("VIRTUAL_ENV", "PYTHONHOME"),
)
_NOT_HANDED_ON_PREFIXES = ("LIVEBURST_", "UVICORN_", "GRANIAN_", "UWSGI_")


def is_handed_on(name: str) -> bool:
    """Return whether a project's processes inherit a variable that was not given on purpose."""
    return name not in _NOT_HANDED_ON and not name.startswith(_NOT_HANDED_ON_PREFIXES)
