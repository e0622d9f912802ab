"""Hatchling's build hook: puts templates, static files and npm's part into the wheel.

They lie outside the package in the repository, and inside it, in `dashboard/shipped/`, in a wheel.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = "dashboard/shipped"
NPM_PARTS = ("node_modules/htmx.org/dist/htmx.min.js",)


class NpmParts(BuildHookInterface[BuilderConfig]):
    """Installs what package-lock.json pins, unless it is there.

    The build environment has its own npm, from PyPI; installing the wheel needs none.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before the wheel is built; an editable install uses the repository's files."""
        if version == "editable":
            return
        root = Path(self.root)
        if not all((root / part).is_file() for part in NPM_PARTS):
            npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=root, check=True)
        for part in ("templates", "static", *NPM_PARTS):
            build_data["force_include"][str(root / part)] = f"{SHIPPED}/{part}"
