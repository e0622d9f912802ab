"""What a command is given from outside, checked before it does anything: text and environment.

The kernel passes on any bytes but NUL. What is not UTF-8 can be neither stored nor printed, so it
is refused here, once for all commands, instead of where it is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from dashboard.database.backups import kept
from dashboard.runs.archive.retention_limits import Limits
from dashboard.state.home import home
from dashboard.targets.supervise.log_files import log_limit_bytes
from dashboard.wire.errors import LiveburstError

LONGEST_ARGUMENT = 10_000  # characters
LONGEST_SHOWN = 60
OWN_VARIABLE = "LIVEBURST_"

# Each raises LiveburstError, with its variable's name, for a value that cannot be used.
CHECKS: Sequence[Callable[[], object]] = (
    kept,
    log_limit_bytes,
    lambda: Limits.of_environment(os.environ),
)


def input_problems(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong with a command line and the LIVEBURST_ variables, a sentence each."""
    named = [(f"argument {number}", text) for number, text in enumerate(arguments, start=1)]
    named += [(name, text) for name, text in environment.items() if name.startswith(OWN_VARIABLE)]
    if "LIVEBURST_HOME" not in environment:  # then it is below a directory of another name
        named.append(("the home", str(home())))
    problems = [problem for name, text in named if (problem := _text_problem(name, text))]
    return problems or [*_setting_problems()]


def _text_problem(name: str, text: str) -> str | None:
    if len(text) > LONGEST_ARGUMENT:
        return f"{name}: expected at most {LONGEST_ARGUMENT:,} characters, found {len(text):,}"
    if "\0" in text:
        return f"{name}: expected a text without NUL characters, found {_shown(text)}"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return f"{name}: expected text in UTF-8, found {_shown(text)}"
    return None


def _shown(text: str) -> str:
    """Return the bytes of a text, shortened, as printable characters."""
    try:
        data = os.fsencode(text)
    except UnicodeEncodeError:  # no text that a process can be given
        data = text.encode("utf-8", "backslashreplace")
    shown = repr(data)[1:]
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _setting_problems() -> Iterable[str]:
    for check in CHECKS:
        try:
            check()
        except LiveburstError as error:
            yield str(error)
