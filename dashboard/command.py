"""The installed command `liveburst`: what manage.py is in the repository."""

from __future__ import annotations

import os

from django.core.management import execute_from_command_line


def main() -> None:
    """`liveburst lab`, `liveburst burst …`: the same commands from anywhere."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"  # never that of a project nearby
    execute_from_command_line()
