"""Runs commands of Liveburst as forks of itself: `python -m tests.management.forked.server`.

A line on stdin is a JSON object: `arguments`, `home`, `constants` ({"module.NAME": value}). The
answer, a line on stdout, has `status`, `stdout` and `stderr`. A line with `mount` is a list of
arguments for mount(8), in this process's own mount namespace.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Collection
from functools import partial
from importlib import import_module
from typing import Any

import django
from asgiref.local import Local
from django.conf import Settings, settings
from django.db import connections

from dashboard.management import commands
from dashboard.startup import command

SETTINGS = "dashboard.settings"
STOPPED = 99
LIMIT_S = 60


def main() -> None:
    """Answer each line until stdin ends."""
    with tempfile.TemporaryDirectory() as home:
        preload(home)
    gc.freeze()  # a collection in a fork would copy the pages of all that was imported
    print("{}", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = mount(request["mount"]) if "mount" in request else perform(request)
        print(json.dumps(answer), flush=True)


def preload(home: str, without: Collection[str] = ()) -> None:
    """Import what commands need, with settings of a home that is used for nothing else."""
    os.environ.update(LIVEBURST_HOME=home, DJANGO_SETTINGS_MODULE=SETTINGS)
    django.setup()
    for module in pkgutil.iter_modules(commands.__path__):
        if module.name not in without:
            import_module(f"{commands.__name__}.{module.name}")


def load_settings_again() -> None:
    """Load the settings as a new process would, with the home that it is given."""
    importlib.reload(import_module(SETTINGS))
    settings._wrapped = Settings(SETTINGS)
    connections.__dict__.pop("settings", None)
    vars(connections).update(_settings=None, _connections=Local(connections.thread_critical))


def run_with_new_settings(run_command: Callable[[list[str]], None], arguments: list[str]) -> None:
    """Do what `run_command` does in a new process, after what comes before it in `main`."""
    load_settings_again()
    run_command(arguments)


def mount(arguments: list[str]) -> dict[str, Any]:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def perform(request: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            run(request, out.fileno(), err.fileno())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return {"status": status, "stdout": texts[0], "stderr": texts[1]}


def run(request: dict[str, Any], out: int, err: int) -> None:
    """Run one command in this fork, and end it."""
    status: object = STOPPED
    try:
        signal.alarm(LIMIT_S)  # a command that should have been refused may serve for ever
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ["LIVEBURST_HOME"] = request["home"]
        for name, value in request["constants"].items():
            module, _, constant = name.rpartition(".")
            setattr(import_module(module), constant, value)
        sys.argv = ["manage.py", *request["arguments"]]
        command.run_command = partial(run_with_new_settings, command.run_command)
        command.main()
        status = 0
    except SystemExit as end:
        status = 0 if end.code is None else end.code
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else STOPPED)


if __name__ == "__main__":
    main()
