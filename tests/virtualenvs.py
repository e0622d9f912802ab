"""Virtual environments of strangers' projects."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_virtualenv(base: Path, directory: Path, *packages: str) -> Path:
    """Return the interpreter of a new virtualenv with these packages. Raises CalledProcessError.

    Modules are compiled when they are first imported: of Django a test needs few.
    """
    python = directory / "bin" / "python"
    _run(str(base), "-m", "venv", str(directory))
    pip = (str(python), "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "install", "--no-compile", *packages)
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
