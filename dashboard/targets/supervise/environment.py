"""The environment that a project's processes are given."""

from __future__ import annotations

import os
from collections.abc import Mapping

from dashboard.project.secrets.inheritance import is_handed_on
from dashboard.targets.injected import PROBE

# Where `dashboard.command` keeps the DJANGO_SETTINGS_MODULE that the person had exported.
PROJECT_SETTINGS = "LIVEBURST_PROJECT_SETTINGS"


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
    path = [str(PROBE), *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(path)}
