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
    """Asks npm for what package-lock.json pins where it is not there yet.

    The build environment has an npm of its own, from PyPI; whoever installs the wheel needs none.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is put together; one that is editable uses the repository's files."""
        if version == "editable":
            return
        root = Path(self.root)
        if not all((root / part).is_file() for part in NPM_PARTS):
            npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=root, check=True)
        for part in ("templates", "static", *NPM_PARTS):
            build_data["force_include"][str(root / part)] = f"{SHIPPED}/{part}"
