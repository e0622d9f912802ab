"""Find the interpreter that a project is run with: its virtualenv, whichever tool made that."""

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
    """An interpreter and why it was taken.

    It is a symbolic link, and must be started by the name that it was found by.
    """

    python: Path
    why: str

    @property
    def prefix(self) -> Path:
        """The top directory of its environment."""
        return self.python.parent.parent

    @property
    def is_ours(self) -> bool:
        """Whether it is the one that Liveburst itself runs with."""
        same = Path(sys.executable).resolve() == self.python.resolve()
        return same and self.prefix.resolve() == Path(sys.prefix).resolve()

    @property
    def has_django(self) -> bool:
        """Whether Django can be seen there, or may come from the system's packages."""
        settings = self.prefix / "pyvenv.cfg"
        shares = settings.is_file() and re.search(
            r"include-system-site-packages\s*=\s*true", settings.read_text(errors="replace")
        )
        return bool(shares) or any(
            self.prefix.glob("lib*/python3*/site-packages/django/__init__.py")
        )


def find_interpreter(place: ProjectLocation, environment: Mapping[str, str]) -> Interpreter | None:
    """Return the interpreter of a project; None if none is known.

    The nearest with Django in it; the nearest at all if none has Django. Liveburst's own is
    taken only where it lies beside the project.
    """
    found = list(_existing(place, environment))
    return next((one for one in found if one.has_django), next(iter(found), None))


def _existing(place: ProjectLocation, environment: Mapping[str, str]) -> Iterator[Interpreter]:
    for directory in place.directories:
        for finder in _FINDERS:
            for prefix, why in finder(directory, environment):
                yield from _in(prefix, why)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        for one in _in(Path(environment.get(name) or os.devnull), f"${name} names it"):
            if not one.is_ours:
                yield one
    for prefix, why in _usual(place.root.parent, environment):
        yield from _in(prefix, why)


def _in(prefix: Path, why: str) -> Iterator[Interpreter]:
    names = ("bin/python", "bin/python3")
    pythons = (prefix / name for name in names)
    for python in pythons:
        if python.is_file():
            yield Interpreter(python.absolute(), why)
            return


# Where the tools keep a project's environment: each finder yields (prefix, why).

Found = Iterator[tuple[Path, str]]


def _usual(place: Path, environment: Mapping[str, str]) -> Found:
    """A virtualenv by one of the usual names."""
    why = f"the virtualenv in {place}"
    yield from ((place / name, why) for name in NAMES if (place / name).is_dir())


def _beside(place: Path, environment: Mapping[str, str]) -> Found:
    """What `.venv` names where it is a file, or whatever virtualenv is there."""
    why = f"the virtualenv in {place}"
    for name in (".venv", ".pdm-python"):
        if (place / name).is_file():
            named = Path((place / name).read_text(errors="replace").strip() or os.devnull)
            prefix = named.parent.parent if named.is_file() else named
            yield place / prefix, f"{place / name} names it"
            yield Path.home() / ".virtualenvs" / prefix, f"{place / name} names it"
    yield from ((file.parent, why) for file in sorted(place.glob("*/pyvenv.cfg")))
    yield from ((one, why) for one in sorted(place.glob(".direnv/python-*")))


def _uv(place: Path, environment: Mapping[str, str]) -> Found:
    named = environment.get("UV_PROJECT_ENVIRONMENT")
    if named and (place / "pyproject.toml").is_file():
        yield place / named, "$UV_PROJECT_ENVIRONMENT names it"


def _poetry(place: Path, environment: Mapping[str, str]) -> Found:
    project = read_toml(place / "pyproject.toml")
    if "poetry" not in project.get("tool", {}) and not (place / "poetry.lock").is_file():
        return
    yield from _told_by(place, "poetry", "env", "info", "--path")
    table = {**project.get("project", {}), **project.get("tool", {}).get("poetry", {})}
    cache = environment.get("POETRY_CACHE_DIR") or Path.home() / ".cache" / "pypoetry"
    base = Path(environment.get("POETRY_VIRTUALENVS_PATH") or Path(cache) / "virtualenvs")
    name = re.sub(r"[ $`!*@\"\\\r\n\t]", "_", str(table.get("name", "")).lower())[:42]
    for one in sorted(base.glob(f"{name}-{_digest(place)}-py*")):
        yield one, f"Poetry's for {place}"


def _digest(directory: Path) -> str:
    """How Poetry tells projects of one name apart."""
    digest = hashlib.sha256(os.path.normcase(directory).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:8]


def _pipenv(place: Path, environment: Mapping[str, str]) -> Found:
    """Pipenv's and virtualenvwrapper's, which keep beside each environment whose it is."""
    if (place / "Pipfile").is_file():
        yield from _told_by(place, "pipenv", "--venv")
    homes = [
        Path(environment.get("WORKON_HOME") or os.devnull),
        Path.home() / ".local/share/virtualenvs",
        Path.home() / ".virtualenvs",
    ]
    for home in homes:
        for file in sorted(home.glob("*/.project")):
            if file.read_text(errors="replace").strip() == str(place):
                yield file.parent, f"{file} says that it is for {place}"


def _conda(place: Path, environment: Mapping[str, str]) -> Found:
    """The environment that an environment.yml names, among those that conda knows."""
    for file in (place / "environment.yml", place / "environment.yaml"):
        text = file.read_text(errors="replace") if file.is_file() else ""
        name = re.search(r"^name:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
        known = Path.home() / ".conda" / "environments.txt"
        if name and known.is_file():
            for line in known.read_text(errors="replace").splitlines():
                if Path(line).name == name[1]:
                    yield Path(line), f"conda's, which {file} names"


def _pyenv(place: Path, environment: Mapping[str, str]) -> Found:
    """A virtualenv of pyenv's; a plain version of Python is nobody's environment."""
    file = place / ".python-version"
    name = file.read_text(errors="replace").strip() if file.is_file() else ""
    home = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if name and (home / "versions" / name / "pyvenv.cfg").is_file():
        yield home / "versions" / name, f"pyenv's, which {file} names"


def _told_by(place: Path, *command: str) -> Found:
    """The directory that a tool names, if the tool is there."""
    if shutil.which(command[0]) is None:
        return
    try:
        told = subprocess.run(
            command, cwd=place, capture_output=True, text=True, check=False, timeout=TOOL_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if told.returncode == 0 and told.stdout.strip():
        yield Path(told.stdout.strip().splitlines()[-1]), f"`{' '.join(command)}` names it"


_FINDERS: tuple[Callable[[Path, Mapping[str, str]], Found], ...] = (
    _uv,
    _usual,
    _beside,
    _poetry,
    _pipenv,
    _conda,
    _pyenv,
)
