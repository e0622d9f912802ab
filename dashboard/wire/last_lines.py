"""The last lines of a process's log, and the one that explains its end."""

from __future__ import annotations

import re

MOST_LINES = 12
# `ModuleNotFoundError: No module named 'packaging'`, at the end of a traceback.
_NAMES = "Error|Exception|Exit|Interrupt|ImproperlyConfigured|DoesNotExist"
_EXCEPTION = re.compile(rf"\s*((?:\w+\.)*\w*(?:{_NAMES})(?::.*)?)")


def decisive_line(text: str) -> str:
    """Return the most informative line: the last exception, else the last that is not blank.

    Empty if nothing was written.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip(" \t[](){}")]
    raised = [match[1] for line in lines if (match := _EXCEPTION.fullmatch(line))]
    return (raised or lines or [""])[-1]


def last_lines(text: str, most: int = MOST_LINES) -> list[str]:
    """Return the last lines that are not blank, at most `most`."""
    return [line for line in text.splitlines() if line.strip()][-most:]


def with_decisive_line(message: str, text: str) -> str:
    """Return a message with the most informative line; the message alone without one."""
    line = decisive_line(text)
    return f"{message}; its log ends: {line}" if line else message
