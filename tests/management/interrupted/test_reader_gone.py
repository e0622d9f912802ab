"""A command whose output is no longer read, as in `… | head`, ends without a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.management.command import ROOT, environment

MARK = "liveburst-test-reader"


@pytest.mark.processes
@pytest.mark.parametrize("arguments", [("lab", "schema"), ("help",)])
def test_a_closed_pipe_is_no_error_to_report(arguments: tuple[str, ...], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(tmp_path, MARK),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(60) == 141
