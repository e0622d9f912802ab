"""Entry point from a terminal: the installed command `liveburst`, and the repository's manage.py.

Ctrl-C ends every command with status 130 and one line, from its first import on. A command that
fires or serves handles Ctrl-C itself. Any other failure ends with a sentence and status 3; the log
has the traceback.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence

from dashboard.database.problems import as_unusable
from dashboard.descriptors import check_descriptors
from dashboard.interrupts import (
    INTERRUPTED_MESSAGE,
    INTERRUPTED_STATUS,
    end_at_once,
    raise_interrupts,
)
from dashboard.runs.planning.program import suggested_command
from dashboard.state.home import DATABASE, LOG, home
from dashboard.targets.supervise.environment import PROJECT_SETTINGS
from dashboard.targets.supervise.umask import restrict_umask
from dashboard.wire.errors import LiveburstError, TooFewDescriptors

from .command_input import input_problems

APP = "dashboard"
BAD_INPUT_STATUS = 2
READER_GONE_STATUS = 141  # as of a command that SIGPIPE ends
FAILED_STATUS = 3

log = logging.getLogger(__name__)


def main() -> None:
    """Run `liveburst lab`, `liveburst burst …` from any directory.

    A DJANGO_SETTINGS_MODULE in the environment belongs to the user's project. It is kept under
    another name for the inspection of that project.
    """
    exported = os.environ.get("DJANGO_SETTINGS_MODULE")
    if exported and not exported.startswith(f"{APP}."):
        os.environ[PROJECT_SETTINGS] = exported
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{APP}.settings"
    restrict_umask()
    run_command(sys.argv)


def run_command(arguments: Sequence[str]) -> None:
    """Run a management command as `django-admin` does; `arguments` are those of `sys.argv`.

    If the reader of stdout is gone, as in `xray … | head`, it ends without a message.
    """
    end_at_once()
    _check_surroundings(arguments[1:])
    command = _loaded(list(arguments))
    try:
        raise_interrupts()
        try:
            command()
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        sys.exit(READER_GONE_STATUS if _reader_is_gone() else _failed(error, arguments))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would interrupt the clean-up
        sys.stderr.write(INTERRUPTED_MESSAGE)
        sys.exit(INTERRUPTED_STATUS)
    except Exception as error:
        sys.exit(_failed(error, arguments))


def _check_surroundings(arguments: Sequence[str]) -> None:
    """Exit with a sentence upon arguments, settings or a system limit that no command can use."""
    if problems := input_problems(arguments, os.environ):
        sys.stderr.write("".join(f"{problem}\n" for problem in problems))
        sys.exit(BAD_INPUT_STATUS)
    try:
        check_descriptors()
    except TooFewDescriptors as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(FAILED_STATUS)


def _failed(error: Exception, arguments: Sequence[str]) -> int:
    """Print why a command failed, and return its status; Django's `--traceback` raises instead."""
    if "--traceback" in arguments:
        raise error
    sys.stderr.write(f"{_failure(error)}\n")
    return FAILED_STATUS


def _failure(error: Exception) -> str:
    """Return why a command failed and what to do; log what no sentence explains."""
    unusable = as_unusable(error, home() / DATABASE)
    if unusable is not None:
        return f"{unusable}\nTo check everything: {suggested_command('doctor')}"
    log.error("A command failed because of an internal error", exc_info=error)
    if isinstance(error, LiveburstError):
        return str(error)
    name = type(error).__name__
    return f"Liveburst itself failed ({name}: {error}); {home() / LOG} has the details."


def _reader_is_gone() -> bool:
    """Return True if stdout is a pipe that is not read any more; nothing is written to it then.

    What is left in its buffer would otherwise fail once more when the interpreter exits.
    """
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if not any(events & select.POLLERR for _, events in poll.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _loaded(arguments: list[str]) -> Callable[[], None]:
    """Import what a command needs, and return a function that runs it.

    Django interprets `--settings` and `--pythonpath` anywhere on the command line. A command of
    Liveburst may have options of these names: `lab init` has a `--settings`.
    """
    # These imports take longest, so they come after the handler for Ctrl-C is installed.
    import django  # noqa: PLC0415
    from django.core.management import ManagementUtility, get_commands  # noqa: PLC0415

    utility = ManagementUtility(arguments)
    django.setup()
    name = arguments[1] if len(arguments) > 1 else ""
    if get_commands().get(name) != APP:
        return utility.execute
    command = utility.fetch_command(name)
    return lambda: command.run_from_argv(arguments)
