"""Find a Django project: its manage.py, or else the settings that its files name."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANAGE = "manage.py"
# Nearer ones first: an `examples/a/manage.py` does not compete with a `backend/manage.py`.
BELOW = (("*",), ("src/*", "*/*"), ("*/src/*",))
LEVELS_UP = 3  # where no repository says how far a project reaches
_NOT_A_PROJECT = {"node_modules", "site-packages", "venv", "env", "__pycache__"}
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_VARIABLE = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True)
class ProjectLocation:
    """Where a project is.

    `root` is its top directory, `directory` where it runs, `manage` its manage.py. Without one,
    `settings` is the module that was found instead. `why` says how it was found.
    """

    root: Path
    directory: Path
    why: str
    manage: Path | None = None
    settings: str | None = None

    @property
    def directories(self) -> list[Path]:
        """Where it runs and the directories above, up to its top."""
        every = [self.directory, *self.directory.parents]
        return every[: every.index(self.root) + 1] if self.root in every else [self.directory]

    @property
    def shown(self) -> str:
        """The place as a person would name it."""
        return str(self.manage or f"{self.directory} ({self.settings})")


def find_projects(path: Path) -> list[ProjectLocation]:
    """Return where a project is at, below, or above `path`; several if nothing decides.

    `path` is a directory, or a manage.py by whatever name.
    """
    path = path.resolve()
    if path.is_file():
        return [_managed(path, "as given", path.parent)]
    if (path / MANAGE).is_file():
        return [_managed(path / MANAGE, "in the directory given", path)]
    for patterns in BELOW:
        found = sorted({file for one in patterns for file in _manages(path, one)})
        if found:
            return [_managed(file, "the nearest below", path) for file in found]
    for directory in upwards(path)[1:]:
        if (directory / MANAGE).is_file():
            return [_managed(directory / MANAGE, "the nearest above", directory)]
    return _by_settings(path)


def upwards(directory: Path) -> list[Path]:
    """Return a directory and those that it is in, up to the top of its repository.

    Without a repository, up to three levels; a person's home directory is no project.
    """
    every = [directory, *directory.parents]
    top = _repository(directory)
    ends = every.index(top) if top else LEVELS_UP
    return [one for one in every[: ends + 1] if one == directory or one != Path.home()]


def _repository(directory: Path) -> Path | None:
    """The top of the repository that a directory is in; a home directory is none."""
    every = [directory, *directory.parents]
    return next((one for one in every if (one / ".git").exists() and one != Path.home()), None)


def _managed(manage: Path, why: str, root: Path) -> ProjectLocation:
    top = _repository(manage.parent) or root
    return ProjectLocation(root=top, directory=manage.parent, manage=manage, why=why)


def _manages(path: Path, pattern: str) -> Iterator[Path]:
    for file in path.glob(f"{pattern}/{MANAGE}"):
        inner = file.parent.relative_to(path).parts
        hidden = any(part.startswith(".") or part in _NOT_A_PROJECT for part in inner)
        if file.is_file() and not hidden:
            yield file


# Without a manage.py


def _by_settings(path: Path) -> list[ProjectLocation]:
    """What the tools that need settings have been told, or else the modules that look like it."""
    told = list(dict.fromkeys(_told(path)))
    if told:
        where = path / "src" if _is_module(path / "src", told[0][0]) else path
        module, file = told[0]
        return [ProjectLocation(path, where, f"{file} names it", settings=module)]
    found = dict.fromkeys(
        (directory, module)
        for directory in (path, path / "src")
        for module in _settings_modules(directory)
    )
    return [
        ProjectLocation(path, where, "the only one", settings=module) for where, module in found
    ]


def _is_module(directory: Path, module: str) -> bool:
    file = directory.joinpath(*module.split("."))
    return file.is_dir() or file.with_suffix(".py").is_file()


def _settings_modules(directory: Path) -> Iterator[str]:
    for pattern in ("settings.py", "*/settings.py", "*/settings/__init__.py"):
        for file in sorted(directory.glob(pattern)):
            found = file.parent if file.name == "__init__.py" else file.with_suffix("")
            module = ".".join(found.relative_to(directory).parts)
            if _MODULE.fullmatch(module) and not _NOT_A_PROJECT.intersection(module.split(".")):
                yield module


def _told(path: Path) -> Iterator[tuple[str, str]]:
    """Each settings module that a configuration file names, and the file."""
    toml = read_toml(path / "pyproject.toml").get("tool", {})
    tables = [
        toml.get("pytest", {}).get("ini_options", {}).get(_VARIABLE),
        toml.get("django-stubs", {}).get("django_settings_module"),
    ]
    for module in tables:
        if isinstance(module, str):
            yield module, "pyproject.toml"
    for name, section in (
        ("pytest.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
        ("tox.ini", "pytest"),
    ):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(path / name, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        module = parser.get(section, _VARIABLE, fallback="")
        if _MODULE.fullmatch(module):
            yield module, name


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file of a project; empty where there is none, or none that can be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
