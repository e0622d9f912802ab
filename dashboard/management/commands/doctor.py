"""`manage.py doctor`: check home and machine, a line each, and repair what is named."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from django.db import connection

from dashboard.management.doctor import home_checks, machine_checks, repairs
from dashboard.management.doctor.finding import Finding, State, finding_of
from dashboard.management.options import NO_CHECKS, Options, lab_toml_path
from dashboard.runs.planning.program import DEFAULT_PROJECT
from dashboard.state.home import KEY, home

PROBLEM_FOUND = 1


class Command(BaseCommand):
    """Checks, prints a line for each check, and repairs only what is named."""

    help = "Check the home and the machine; set files aside or restore a backup when asked for."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "--project", type=lab_toml_path, default=DEFAULT_PROJECT, metavar="lab.toml"
        )
        parser.add_argument("--port", type=int, default=8000, help="the dashboard's port")
        parser.add_argument(
            "--set-aside",
            action="append",
            default=[],
            choices=["database", "key"],
            help="move it into the home's set-aside/; the next start makes a new one",
        )
        parser.add_argument(
            "--restore-backup",
            action="store_true",
            help="set the database aside and put the newest sound backup in its place",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Repair what is named, check, and exit with 1 if there is a problem."""
        database = Path(connection.settings_dict["NAME"])
        for old, new in _repairs(database, options):
            self.stdout.write(f"{old} → {new}")
        findings = []
        for finding in _findings(database, options):
            self.stdout.write(str(finding))
            findings.append(finding)
        if any(finding.state == State.PROBLEM for finding in findings):
            sys.exit(PROBLEM_FOUND)


def _repairs(database: Path, options: Options) -> Iterator[tuple[Path, Path]]:
    places = {"database": database, "key": home() / KEY}
    for what in dict.fromkeys(options["set_aside"]):
        yield from repairs.set_aside(places[what])
    if options["restore_backup"]:
        yield from repairs.restore_backup(database)


def _findings(database: Path, options: Options) -> Iterator[Finding]:
    checks: dict[str, Callable[[], Finding]] = {
        "home": home_checks.check_home,
        "permissions": home_checks.check_permissions,
        "key": home_checks.check_key,
        "database": partial(home_checks.check_database, database),
        "backups": partial(home_checks.check_backups, database),
        "disk": home_checks.check_room,
        "project": partial(machine_checks.check_project, options["project"]),
        "servers": partial(machine_checks.check_servers, options["project"]),
        "port": partial(machine_checks.check_port, options["port"]),
        "cores": machine_checks.check_cores,
    }
    for name, check in checks.items():
        yield finding_of(name, check, database)
