"""What installs packages for a project's interpreter: its own pip, Liveburst's pip, or uv.

A virtualenv need not have pip: `uv venv` and `python -m venv --without-pip` make such. Nothing is
added to it: a pip of Liveburst's (`pip --python`), or uv, installs for it into another directory.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PIP_OPTIONS = ("--quiet", "--no-input", "--disable-pip-version-check")
_UV_OPTIONS = ("--quiet", "--no-progress")


@dataclass(frozen=True)
class Installer:
    """A command that installs packages for an interpreter; `options` are those for a log."""

    command: tuple[str, ...]
    options: tuple[str, ...]

    def install_into(self, directory: Path, names: Sequence[str]) -> list[str]:
        """Return the command that installs packages into a directory."""
        return [*self.command, *self.options, "--target", str(directory), *names]

    def install(self, names: Sequence[str]) -> str:
        """Return the command, for a shell, that installs packages into the environment itself."""
        return shlex.join([*self.command, *names])


def has_own_pip() -> bool:
    """Return whether Liveburst's own interpreter has pip."""
    return importlib.util.find_spec("pip") is not None


def installers(python: str, has_pip: bool) -> list[Installer]:
    """Return what can install for an interpreter, best first.

    An interpreter with pip uses that alone: it is configured as its owner wants it.
    """
    if has_pip:
        return [Installer((python, "-m", "pip", "install"), _PIP_OPTIONS)]
    choices = []
    if has_own_pip():
        pip = (sys.executable, "-m", "pip", "--python", python, "install")
        choices.append(Installer(pip, _PIP_OPTIONS))
    if uv := shutil.which("uv"):
        choices.append(Installer((uv, "pip", "install", "--python", python), _UV_OPTIONS))
    return choices


def how_to_install(python: str, has_pip: bool, names: Sequence[str]) -> str:
    """Return which command installs packages for an interpreter, or what it lacks for that."""
    choices = installers(python, has_pip)
    if choices:
        return f"{choices[0].install(names)} installs it"
    lacking = f"{python} has no pip, Liveburst's interpreter has none, and uv is not in PATH"
    return f"{lacking}; {shlex.join([python, '-m', 'ensurepip'])} adds pip"
