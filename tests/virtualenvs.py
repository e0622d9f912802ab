"""Virtual environments of strangers' projects."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# What strangers' virtualenvs have; where several tests need the same, they share one.
DJANGO_4, DJANGO_6 = "django>=4.2,<5", "django>=6.1,<6.2"
# Not in the repository: their tests make sure that nothing of it is on a project's import path.
DIRECTORY = Path(tempfile.gettempdir(), f"liveburst-test-virtualenvs-{os.getuid()}")


@pytest.fixture(scope="session")
def prepared_virtualenvs() -> Path:
    """The directory of the virtualenvs that all test runs share. Remove it for newer packages."""
    DIRECTORY.mkdir(mode=0o700, exist_ok=True)
    return DIRECTORY


def prepared_virtualenv(prepared: Path, base: Path, *packages: str) -> Path:
    """Return the interpreter of a virtualenv with these packages, made if no test has yet.

    It is shared, so it must not be modified. Raises CalledProcessError.
    """
    name = re.sub(r"[^A-Za-z0-9.]+", "_", "-".join([base.parents[1].name, *packages]))
    with (prepared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (prepared / name).is_dir():
            partial = prepared / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            _make(base, partial, *packages)
            partial.rename(prepared / name)
    return prepared / name / "bin" / "python"


def make_virtualenv(prepared: Path, base: Path, directory: Path, *packages: str) -> Path:
    """Return the interpreter of a virtualenv of its own, with the files of the prepared one.

    Raises CalledProcessError.
    """
    python = prepared_virtualenv(prepared, base, *packages)
    shutil.copytree(python.parents[1], directory, symlinks=True, copy_function=_link)
    return directory / "bin" / "python"


def _make(base: Path, directory: Path, *packages: str) -> None:
    """Make it by a pip of ours, which takes a third of the time that `ensurepip` does.

    Modules are compiled when they are first imported: of Django a test needs few.
    """
    _run(str(base), "-m", "venv", "--without-pip", str(directory))
    pip = (sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python"), "--quiet")
    _run(*pip, "--disable-pip-version-check", "install", "--no-compile", "pip", *packages)


def _link(source: str, target: str) -> None:
    """Let two directories share a file; copy it where they are on different file systems."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def make_virtualenv_without_pip(base: Path, directory: Path) -> Path:
    """Return the interpreter of a new virtualenv that has no package, not even pip."""
    _run(str(base), "-m", "venv", "--without-pip", str(directory))
    return directory / "bin" / "python"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
