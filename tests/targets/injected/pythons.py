"""The Pythons that a target may run under, as far as this machine has them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]


def interpreter(version: str) -> str:
    """A Python of this version: ours, pyenv's, or one on the path. Skips the test without one."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    installed = sorted(root.glob(f"{version}.*/bin/python"))
    python = str(installed[-1]) if installed else shutil.which(f"python{version}")
    return python or pytest.skip(f"no Python {version} on this machine")
