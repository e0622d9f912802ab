"""The dashboard's log, which may be lost without harm: its disk may be full or read-only."""

from __future__ import annotations

import sys
from logging import LogRecord
from logging.handlers import RotatingFileHandler


class LogFile(RotatingFileHandler):
    """Writes to a file; if that fails, prints the reason once, where logging prints tracebacks."""

    _reported = False

    def handleError(self, record: LogRecord) -> None:  # noqa: N802 - overrides logging's
        """Report the first failure on stderr."""
        if not self._reported and sys.stderr:
            self._reported = True
            sys.stderr.write(f"{self.baseFilename} cannot be written: {_reason()}.\n")


def _reason() -> str:
    error = sys.exc_info()[1]
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
