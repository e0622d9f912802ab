"""A log that cannot be written costs one line, and nothing that is logged fails."""

from __future__ import annotations

import errno
import io
import logging
import os
from pathlib import Path

import pytest

from dashboard.state.log_file import LogFile


def test_a_log_that_cannot_be_written_is_reported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = LogFile(tmp_path / "nowhere" / "dashboard.log", delay=True)
    for _ in range(3):
        handler.handle(logging.makeLogRecord({"msg": "a message"}))
    printed = capsys.readouterr().err
    assert printed == f"{handler.baseFilename} cannot be written: No such file or directory.\n"


class Full(io.StringIO):
    """A file on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_log_on_a_full_disk_is_reported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = LogFile(tmp_path / "dashboard.log", delay=True)
    handler.setStream(Full())  # type: ignore[arg-type] # as far as it is used here
    for _ in range(3):
        handler.handle(logging.makeLogRecord({"msg": "a message"}))
    printed = capsys.readouterr().err
    assert printed == f"{handler.baseFilename} cannot be written: No space left on device.\n"
