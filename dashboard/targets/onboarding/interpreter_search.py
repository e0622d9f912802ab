"""Find a project's interpreter: that of its virtualenv, whichever tool made it."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .project_search import ProjectLocation, read_toml

NAMES = (".venv", "venv", "env", ".env", "virtualenv", ".virtualenv")
TOOL_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Interpreter:
    """An interpreter, and why it was chosen.

    It may be a symbolic link, and must be started by this path, not by the link's target.
    """

    python: Path
    why: str

    @property
    def prefix(self) -> Path:
        """The top directory of its environment."""
        return self.python.parent.parent

    @property
    def is_ours(self) -> bool:
        """True if it is Liveburst's own interpreter."""
        same = Path(sys.executable).resolve() == self.python.resolve()
        return same and self.prefix.resolve() == Path(sys.prefix).resolve()

    @property
    def has_django(self) -> bool:
        """True if Django is installed there, or may come from the system's packages."""
        settings = self.prefix / "pyvenv.cfg"
        shares = settings.is_file() and re.search(
            r"include-system-site-packages\s*=\s*true", settings.read_text(errors="replace")
        )
        return bool(shares) or any(
            self.prefix.glob("lib*/python3*/site-packages/django/__init__.py")
        )


def find_interpreter(
    location: ProjectLocation, environment: Mapping[str, str]
) -> Interpreter | None:
    """Return the interpreter of a project; None if none is found.

    It is the nearest with Django; or the nearest, if none has Django. Liveburst's own is returned
    only if it is in a directory of the project.
    """
    candidates = list(_candidates(location, environment))
    return next(
        (candidate for candidate in candidates if candidate.has_django),
        next(iter(candidates), None),
    )


def _candidates(location: ProjectLocation, environment: Mapping[str, str]) -> Iterator[Interpreter]:
    """Yield the interpreters that exist, the nearest first."""
    for directory in location.directories:
        for finder in _FINDERS:
            for prefix, why in finder(directory, environment):
                yield from _in(prefix, why)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        for interpreter in _in(Path(environment.get(name) or os.devnull), f"${name} names it"):
            if not interpreter.is_ours:
                yield interpreter
    for prefix, why in _usual(location.root.parent, environment):
        yield from _in(prefix, why)


def _in(prefix: Path, why: str) -> Iterator[Interpreter]:
    names = ("bin/python", "bin/python3")
    pythons = (prefix / name for name in names)
    for python in pythons:
        if python.is_file():
            yield Interpreter(python.absolute(), why)
            return


# Where tools keep a project's environment: each finder yields prefixes, and why each is chosen.

Prefixes = Iterator[tuple[Path, str]]


def _usual(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    """Yield virtualenvs with one of the usual names."""
    why = f"the virtualenv in {directory}"
    yield from ((directory / name, why) for name in NAMES if (directory / name).is_dir())


def _others(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    """Yield what a `.venv` file names, and virtualenvs with any name."""
    why = f"the virtualenv in {directory}"
    for name in (".venv", ".pdm-python"):
        if (directory / name).is_file():
            named = Path((directory / name).read_text(errors="replace").strip() or os.devnull)
            prefix = named.parent.parent if named.is_file() else named
            yield directory / prefix, f"{directory / name} names it"
            yield Path.home() / ".virtualenvs" / prefix, f"{directory / name} names it"
    yield from ((file.parent, why) for file in sorted(directory.glob("*/pyvenv.cfg")))
    yield from ((prefix, why) for prefix in sorted(directory.glob(".direnv/python-*")))


def _uv(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    named = environment.get("UV_PROJECT_ENVIRONMENT")
    if named and (directory / "pyproject.toml").is_file():
        yield directory / named, "$UV_PROJECT_ENVIRONMENT names it"


def _poetry(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    project = read_toml(directory / "pyproject.toml")
    if "poetry" not in project.get("tool", {}) and not (directory / "poetry.lock").is_file():
        return
    yield from _from_tool(directory, "poetry", "env", "info", "--path")
    table = {**project.get("project", {}), **project.get("tool", {}).get("poetry", {})}
    cache = environment.get("POETRY_CACHE_DIR") or Path.home() / ".cache" / "pypoetry"
    base = Path(environment.get("POETRY_VIRTUALENVS_PATH") or Path(cache) / "virtualenvs")
    name = re.sub(r"[ $`!*@\"\\\r\n\t]", "_", str(table.get("name", "")).lower())[:42]
    for prefix in sorted(base.glob(f"{name}-{_digest(directory)}-py*")):
        yield prefix, f"Poetry's for {directory}"


def _digest(directory: Path) -> str:
    """Return the hash by which Poetry distinguishes projects with the same name."""
    digest = hashlib.sha256(os.path.normcase(directory).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:8]


def _pipenv(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    """Yield Pipenv's and virtualenvwrapper's, whose `.project` file names the project."""
    if (directory / "Pipfile").is_file():
        yield from _from_tool(directory, "pipenv", "--venv")
    homes = [
        Path(environment.get("WORKON_HOME") or os.devnull),
        Path.home() / ".local/share/virtualenvs",
        Path.home() / ".virtualenvs",
    ]
    for home in homes:
        for file in sorted(home.glob("*/.project")):
            if file.read_text(errors="replace").strip() == str(directory):
                yield file.parent, f"{file} names {directory}"


def _conda(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    """Yield the environment that an environment.yml names, if conda has it."""
    for file in (directory / "environment.yml", directory / "environment.yaml"):
        text = file.read_text(errors="replace") if file.is_file() else ""
        name = re.search(r"^name:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
        environments = Path.home() / ".conda" / "environments.txt"
        if name and environments.is_file():
            for line in environments.read_text(errors="replace").splitlines():
                if Path(line).name == name[1]:
                    yield Path(line), f"conda's, which {file} names"


def _pyenv(directory: Path, environment: Mapping[str, str]) -> Prefixes:
    """Yield the virtualenv of pyenv's that a .python-version names, but no plain Python."""
    file = directory / ".python-version"
    name = file.read_text(errors="replace").strip() if file.is_file() else ""
    home = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if name and (home / "versions" / name / "pyvenv.cfg").is_file():
        yield home / "versions" / name, f"pyenv's, which {file} names"


def _from_tool(directory: Path, *command: str) -> Prefixes:
    """Yield the directory that a tool prints, if the tool is installed."""
    if shutil.which(command[0]) is None:
        return
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=TOOL_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if done.returncode == 0 and done.stdout.strip():
        yield Path(done.stdout.strip().splitlines()[-1]), f"`{' '.join(command)}` names it"


_FINDERS: tuple[Callable[[Path, Mapping[str, str]], Prefixes], ...] = (
    _uv,
    _usual,
    _others,
    _poetry,
    _pipenv,
    _conda,
    _pyenv,
)
