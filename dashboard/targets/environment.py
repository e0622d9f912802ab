"""The environment that a project's processes are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# Where `dashboard.command` keeps the DJANGO_SETTINGS_MODULE that the person had exported.
PROJECT_SETTINGS = "LIVEBURST_PROJECT_SETTINGS"

_PROBE_DIRECTORY = Path(__file__).with_name("probe")

# What belongs to the dashboard, or would change a server behind the table's back.
_NOT_HANDED_ON = (
    *("DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"),
    *("VIRTUAL_ENV", "PYTHONHOME"),
)
_NOT_HANDED_ON_PREFIXES = ("LIVEBURST_", "UVICORN_", "GRANIAN_", "UWSGI_")


def is_handed_on(name: str) -> bool:
    """Whether a project's processes may have a variable that nobody gave to them on purpose."""
    return name not in _NOT_HANDED_ON and not name.startswith(_NOT_HANDED_ON_PREFIXES)


def project_environment(own: Mapping[str, str], companions: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what is ours alone, then the project's own, then what companions bring."""
    inherited = {name: value for name, value in os.environ.items() if is_handed_on(name)}
    return {**inherited, **own, **companions}


def exported_settings() -> dict[str, str]:
    """Return the settings module that the person had exported, for the project's manage.py."""
    exported = os.environ.get(PROJECT_SETTINGS)
    return {"DJANGO_SETTINGS_MODULE": exported} if exported else {}


def with_probe(env: Mapping[str, str]) -> dict[str, str]:
    """The same, with the directory that holds the probe alone before the import path."""
    path = [str(_PROBE_DIRECTORY), *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(path)}
