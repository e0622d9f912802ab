"""What a process wrote last, cut to what tells why it ended."""

from __future__ import annotations

import re

MOST_LINES = 12
# `ModuleNotFoundError: No module named 'packaging'`, wherever a traceback ends.
_NAMES = "Error|Exception|Exit|Interrupt|ImproperlyConfigured|DoesNotExist"
_EXCEPTION = re.compile(rf"\s*((?:\w+\.)*\w*(?:{_NAMES})(?::.*)?)")


def telling_line(text: str) -> str:
    """Return the line that says most: the last exception's, else the last that is not blank.

    Empty where nothing was written.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip(" \t[](){}")]
    raised = [found[1] for line in lines if (found := _EXCEPTION.fullmatch(line))]
    return (raised or lines or [""])[-1]


def last_lines(text: str, most: int = MOST_LINES) -> list[str]:
    """Return the last lines that are not blank, at most so many."""
    return [line for line in text.splitlines() if line.strip()][-most:]


def with_telling_line(message: str, text: str) -> str:
    """Return a message followed by the line that says most; the message alone without one."""
    line = telling_line(text)
    return f"{message}; its log says: {line}" if line else message
