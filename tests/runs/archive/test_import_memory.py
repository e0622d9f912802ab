"""The memory that the import of a large file takes: about twice its size, within a bound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.management.command import ROOT, environment
from tests.web.serving.test_bodies_and_streams import large_file

pytestmark = pytest.mark.processes
LISTS = 6_000_000  # half a gigabyte of objects, in a file of 18 MB


# A process that is started counts the memory of its starter as its own peak, so a small one starts
# what is measured. It prints the status and the peak in KiB.
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def imported(home: Path, text: bytes) -> tuple[int, float, str]:
    """Import a file by the command; return its status, its peak memory in MiB, and its stderr."""
    file = home / "run.json"
    file.write_bytes(text)
    process = subprocess.run(
        [sys.executable, "-c", MEASURED, sys.executable, "manage.py", "import_run", str(file)],
        cwd=ROOT,
        env=environment(home, "liveburst-test-import"),
        capture_output=True,
        text=True,
        check=True,
    )
    status, peak_kib = map(int, process.stdout.split())
    return status, peak_kib / 1024, process.stderr


def test_an_import_takes_about_twice_the_size_of_its_file(tmp_path: Path) -> None:
    text = large_file(rows=40_000)
    size_mib = len(text) / 2**20
    assert size_mib > 20
    status, base_mib, _ = imported(tmp_path, b"{}")
    assert status == 2
    status, peak_mib, errors = imported(tmp_path, text)
    assert (status, errors) == (0, "")
    assert peak_mib - base_mib < 2.5 * size_mib + 16


def test_a_file_that_describes_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    text = b'{"liveburst": 1, "run": [' + b"[]," * LISTS + b"[]]}"
    status, peak_mib, errors = imported(tmp_path, text)
    assert status == 2, errors
    assert "file: expected at most 2,000,000 values, found up to 12,000,00" in errors
    assert peak_mib < 300
