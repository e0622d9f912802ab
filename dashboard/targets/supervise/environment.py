"""The environment variables of a project's processes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from dashboard.project.project import Project
from dashboard.project.secrets.inheritance import is_handed_on, is_inherited
from dashboard.project.secrets.masking import remember_environment
from dashboard.targets.injected import ADDED, PROBE

# Where `dashboard.startup.command` keeps the DJANGO_SETTINGS_MODULE of the shell it was started in.
PROJECT_SETTINGS = "LIVEBURST_PROJECT_SETTINGS"
_SHORTEST_NAME = 4  # of a variable that is looked for in a log


def project_environment(project: Project, companions: Mapping[str, str]) -> dict[str, str]:
    """Return what a process of the project gets: what it inherits, `env`, then `companions`.

    From now on, what is secret in it is masked in everything that the project prints.
    """
    inherited = {
        name: value for name, value in os.environ.items() if is_inherited(name, project.inherit_env)
    }
    environment = {**inherited, **project.env, **companions}
    remember_environment(environment)
    return environment


def tool_environment(added: Mapping[str, str]) -> dict[str, str]:
    """Return our environment, without our own variables, for a tool that we run ourselves.

    Git, pip and the inspector of `lab init` do what their caller would do in the same shell, and
    need its proxies, indexes and keys.
    """
    inherited = {name: value for name, value in os.environ.items() if is_handed_on(name)}
    environment = {**inherited, **added}
    remember_environment(environment)
    return environment


def withheld_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that we have and a process with this environment does not."""
    yield from (name for name in os.environ if name not in environment and is_handed_on(name))


def hint_on_withheld(text: str, environment: Mapping[str, str]) -> str:
    """Return what to do about variables that a failed process may have missed; empty for none.

    `text` is what it printed: a variable that was not passed on to it is looked for there, as in
    `KeyError: 'DATABASE_URL'`. Pydantic names a setting in lower case.
    """
    flags = re.IGNORECASE if "Field required" in text else 0
    names = [
        name
        for name in withheld_variables(environment)
        if len(name) >= _SHORTEST_NAME
        and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, flags)
    ]
    if not names:
        return ""
    subject = f"{names[0]} is" if len(names) == 1 else f"{', '.join(names)} are"
    return (
        f"; {subject} set in Liveburst's environment, but not passed on to the project:"
        f" add {'it' if len(names) == 1 else 'them'} to project.inherit_env in the lab.toml"
    )


def exported_settings() -> dict[str, str]:
    """Return the settings module exported in the shell, for the project's manage.py."""
    exported = os.environ.get(PROJECT_SETTINGS)
    return {"DJANGO_SETTINGS_MODULE": exported} if exported else {}


def with_probe(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` with the probe's directory first in PYTHONPATH.

    It is followed by the directory of the sampler or the X-ray if `env` has the variable that
    starts it. These directories hold nothing else.
    """
    added = [directory for variable, directory in ADDED.items() if variable in env]
    path = [*map(str, (PROBE, *added)), *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(path)}
