"""Ctrl-C before a command fires, even during imports: one line and status 130."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.management.command import ROOT, environment

MARK = f"liveburst-test-interrupted-{os.getpid()}"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("dashboard.project.secrets.masking", ["lab", "--no-browser", "--port", "0"]),
        ("django", ["burst", "sleep"]),
        ("django.core.management.base", ["xray", "sleep"]),
        ("numpy", ["burst", "sleep"]),
        ("dashboard.runs.wiring", ["burst", "sleep"]),
        ("dashboard.web.bench.views", ["lab", "--no-browser", "--port", "0"]),
        ("dashboard.runs.archive.exports", ["export", "1"]),
        ("dashboard.web.shared.laboratory_access", ["lab", "--no-browser", "--port", "0"]),
        ("django.db.migrations.executor", ["migrate"]),
    ],
)
def test_an_interrupt_during_imports(tmp_path: Path, module: str, arguments: list[str]) -> None:
    """`-X importtime` writes a line for each imported module, which marks the moment."""
    command = [sys.executable, "-X", "importtime", "manage.py", *arguments]
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(tmp_path / "home", MARK, used=False),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with started:
        assert started.stderr is not None
        for line in started.stderr:
            if line.rpartition("|")[2].strip() == module:
                break
        else:
            pytest.fail(f"{module} was not imported")
        started.send_signal(signal.SIGINT)
        lines = [line for line in started.stderr if not line.startswith("import time:")]
    assert (started.returncode, lines) == (130, ["Interrupted.\n"])
