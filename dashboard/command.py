"""The way in from a terminal: the installed command `liveburst`, and the repository's manage.py.

Ctrl-C ends every command with status 130 and one line, from its first import on. What a command
does about Ctrl-C itself, once it fires or serves, goes before that.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from dashboard.targets.supervise.environment import PROJECT_SETTINGS

APP = "dashboard"
INTERRUPTED_STATUS = 130
INTERRUPTED_MESSAGE = "Interrupted.\n"


def main() -> None:
    """Run `liveburst lab`, `liveburst burst …`: the same commands from anywhere.

    A DJANGO_SETTINGS_MODULE in the environment belongs to the person's own project: it is never
    ours, and is kept for whoever looks at that project.
    """
    theirs = os.environ.get("DJANGO_SETTINGS_MODULE")
    if theirs and not theirs.startswith(f"{APP}."):
        os.environ[PROJECT_SETTINGS] = theirs
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{APP}.settings"
    run_command(sys.argv)


def run_command(arguments: Sequence[str]) -> None:
    """Run a management command as `django-admin` does; `arguments` are those of `sys.argv`."""
    with _interrupted_at_once():
        command = _loaded(list(arguments))
    try:
        command()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would interrupt the clean-up
        sys.stderr.write(INTERRUPTED_MESSAGE)
        sys.exit(INTERRUPTED_STATUS)


def _loaded(arguments: list[str]) -> Callable[[], None]:
    """Import what a command needs, and return how to run it.

    Django takes `--settings` and `--pythonpath` for itself wherever they stand on the command
    line. To a command of ours they mean what that command says: `lab init` has a `--settings`.
    """
    # These imports take longest, so they must lie where Ctrl-C is already watched.
    import django  # noqa: PLC0415
    from django.core.management import ManagementUtility, get_commands  # noqa: PLC0415

    utility = ManagementUtility(arguments)
    django.setup()
    name = arguments[1] if len(arguments) > 1 else ""
    if get_commands().get(name) != APP:
        return utility.execute
    command = utility.fetch_command(name)
    return lambda: command.run_from_argv(arguments)


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """End the process upon Ctrl-C while there is nothing to clean up yet.

    An exception would not do: raised in a callback of the import system it is printed and lost.
    Whoever has Ctrl-C ignored (`nohup`, a job in the background) keeps it so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, INTERRUPTED_MESSAGE.encode())
    os._exit(INTERRUPTED_STATUS)
