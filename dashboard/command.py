"""The way in from a terminal: the installed command `liveburst`, and the repository's manage.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import django
from django.core.management import ManagementUtility, get_commands

from dashboard.targets.environment import PROJECT_SETTINGS

OURS = "dashboard"


def main() -> None:
    """Run `liveburst lab`, `liveburst burst …`: the same commands from anywhere.

    A DJANGO_SETTINGS_MODULE in the environment belongs to the person's own project: it is never
    ours, and is kept for whoever looks at that project.
    """
    theirs = os.environ.get("DJANGO_SETTINGS_MODULE")
    if theirs and not theirs.startswith(f"{OURS}."):
        os.environ[PROJECT_SETTINGS] = theirs
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{OURS}.settings"
    run_command(sys.argv)


def run_command(arguments: Sequence[str]) -> None:
    """Run a management command as `django-admin` does; `arguments` are those of `sys.argv`.

    But Django takes `--settings` and `--pythonpath` for itself wherever they stand on the command
    line. To a command of ours they mean what that command says: `lab init` has a `--settings`.
    """
    utility = ManagementUtility(list(arguments))
    django.setup()
    name = arguments[1] if len(arguments) > 1 else ""
    if get_commands().get(name) == OURS:
        utility.fetch_command(name).run_from_argv(list(arguments))
    else:
        utility.execute()
