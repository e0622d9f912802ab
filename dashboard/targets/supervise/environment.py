"""The environment variables of a project's processes."""

from __future__ import annotations

import os
from collections.abc import Mapping

from dashboard.project.secrets.inheritance import is_handed_on
from dashboard.targets.injected import PROBE

# Where `dashboard.command` keeps the DJANGO_SETTINGS_MODULE of the shell it was started in.
PROJECT_SETTINGS = "LIVEBURST_PROJECT_SETTINGS"


def project_environment(own: Mapping[str, str], companions: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without our own variables, overlaid by `own`, then `companions`."""
    inherited = {name: value for name, value in os.environ.items() if is_handed_on(name)}
    return {**inherited, **own, **companions}


def exported_settings() -> dict[str, str]:
    """Return the settings module exported in the shell, for the project's manage.py."""
    exported = os.environ.get(PROJECT_SETTINGS)
    return {"DJANGO_SETTINGS_MODULE": exported} if exported else {}


def with_probe(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` with the probe's directory, which holds nothing else, first in PYTHONPATH."""
    path = [str(PROBE), *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(path)}
