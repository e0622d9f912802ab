"""The commands as started from a shell: processes with a home of their own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.prepared_home import prepare

from .forked.fork import Fork

ROOT = Path(__file__).parents[2]
NOT_INHERITED = ("DJANGO_SETTINGS_MODULE", "COLUMNS", "LINES")


def environment(home: Path, mark: str, *, used: bool = True) -> dict[str, str]:
    """Return the environment of a command whose processes carry `mark`.

    `used`: the home is one that was used before, with a database and a calibration. The width of
    the terminal that the tests were started from is left out.
    """
    if used:
        prepare(home)
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**inherited, "LIVEBURST_HOME": str(home), "LIVEBURST_MARK": mark}


def statuses(home: Path) -> list[str]:
    """The status of each stored run, read as another process would; none before the first."""
    path = home / "liveburst.sqlite3"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=10)) as database:
        try:
            return [row[0] for row in database.execute("SELECT status FROM dashboard_run")]
        except sqlite3.OperationalError:  # not migrated yet
            return []


def firings_in(home: Path, round: int) -> int:
    """How many firings of a round are over, of the one run that is stored."""
    with closing(sqlite3.connect(home / "liveburst.sqlite3", timeout=10)) as database:
        rows = database.execute("SELECT data FROM dashboard_storedreading")
        return sum(1 for (data,) in rows if json.loads(data)["round"] == round)


def start(home: Path, mark: str, *arguments: str, used: bool = True) -> subprocess.Popen[str]:
    """`python manage.py ARGUMENTS…`, its output to be read, without the imports: as a fork."""
    return Fork(arguments, environment(home, mark, used=used))


def start_anew(home: Path, mark: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """`python manage.py ARGUMENTS…`, its output to be read, from the first import on.

    A session of its own is what a terminal gives it: Linux shares the CPU among sessions first, so
    that the other tests do not starve a dashboard, which yields to other processes.
    """
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**environment(home, mark), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(
    home: Path, mark: str, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """`python manage.py ARGUMENTS…` to its end, whatever that is; as a fork."""
    with Fork(arguments, {**environment(home, mark), **variables}) as process:
        try:
            stdout, stderr = process.communicate(timeout=240)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.wait(), stdout, stderr)


def refusal(*arguments: str) -> CommandError:
    """Return the error with which a command ends, run in this process.

    As of no test that is not marked `django_db`, nothing of it may reach the database.
    """
    with pytest.raises(CommandError) as refused:
        call_command(*arguments)
    return refused.value


def new_project(directory: Path) -> Path:
    """What `django-admin startproject shop` makes in a new directory."""
    directory.mkdir()
    call_command("startproject", "shop", str(directory))
    return directory
