"""Hatchling's build hook: puts templates and the bundle of scripts and styles into the wheel.

They are outside the package in the repository, and inside it, in `dashboard/shipped/`, in a wheel.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = "dashboard/shipped"
PARTS = ("templates", "build/static")
BUILD = (sys.executable, "-m", "dashboard.packaging.bundle")


class NpmParts(BuildHookInterface[BuilderConfig]):
    """Builds the bundle of what package-lock.json pins, which is installed unless it is there.

    The build environment has its own npm, from PyPI; installing the wheel needs none.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before the wheel is built; an editable install uses the repository's files."""
        if version == "editable":
            return
        root = Path(self.root)
        if not _built(root):
            npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=root, check=True)
            subprocess.run(BUILD, cwd=root, check=True)
        for part in PARTS:
            build_data["force_include"][str(root / part)] = f"{SHIPPED}/{part}"


def _built(root: Path) -> bool:
    """Build; return False if something must be installed first."""
    return subprocess.run(BUILD, cwd=root, check=False).returncode == 0
