"""Find a Django project: its manage.py, or else the settings module that its files name."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboard.project.labtoml.toml_text import TomlTable

MANAGE = "manage.py"
# Nearer ones first: an `examples/a/manage.py` does not compete with a `backend/manage.py`.
BELOW = (("*",), ("src/*", "*/*"), ("*/src/*",))
LEVELS_UP = 3  # outside a repository, whose top would be the limit
_NOT_A_PROJECT = {"node_modules", "site-packages", "venv", "env", "__pycache__"}
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_VARIABLE = "DJANGO_SETTINGS_MODULE"
# Files of pytest's, and the section of each that may set the variable.
_INI_SECTIONS = (("pytest.ini", "pytest"), ("setup.cfg", "tool:pytest"), ("tox.ini", "pytest"))


@dataclass(frozen=True)
class ProjectLocation:
    """Where a project is.

    `root` is its top directory, `directory` the one it runs in, `manage` its manage.py. Without
    one, `settings` is the module that was found instead. `why` is how it was found.
    """

    root: Path
    directory: Path
    why: str
    manage: Path | None = None
    settings: str | None = None

    @property
    def directories(self) -> list[Path]:
        """The directory it runs in and those above, up to its top."""
        ancestors = [self.directory, *self.directory.parents]
        return (
            ancestors[: ancestors.index(self.root) + 1]
            if self.root in ancestors
            else [self.directory]
        )

    @property
    def shown(self) -> str:
        """The location for display: its manage.py, or directory and settings."""
        return str(self.manage or f"{self.directory} ({self.settings})")


def find_projects(path: Path) -> list[ProjectLocation]:
    """Return the project at, below or above `path`; several if nothing decides between them.

    `path` is a directory, or a manage.py of any name.
    """
    path = path.resolve()
    if path.is_file():
        return [_with_manage(path, "as given", path.parent)]
    if (path / MANAGE).is_file():
        return [_with_manage(path / MANAGE, "in the directory given", path)]
    for patterns in BELOW:
        files = sorted({file for pattern in patterns for file in _manage_files(path, pattern)})
        if files:
            return [_with_manage(file, "the nearest below", path) for file in files]
    for directory in upwards(path)[1:]:
        if (directory / MANAGE).is_file():
            return [_with_manage(directory / MANAGE, "the nearest above", directory)]
    return _by_settings(path)


def upwards(directory: Path) -> list[Path]:
    """Return a directory and those above it, up to the top of its repository.

    Outside a repository, up to LEVELS_UP levels; the home directory is not included.
    """
    ancestors = [directory, *directory.parents]
    top = _repository(directory)
    levels = ancestors.index(top) if top else LEVELS_UP
    return [
        ancestor
        for ancestor in ancestors[: levels + 1]
        if ancestor == directory or ancestor != Path.home()
    ]


def _repository(directory: Path) -> Path | None:
    """Return the top of the repository that a directory is in; never the home directory."""
    ancestors = [directory, *directory.parents]
    tops = (
        ancestor
        for ancestor in ancestors
        if (ancestor / ".git").exists() and ancestor != Path.home()
    )
    return next(tops, None)


def _with_manage(manage: Path, why: str, root: Path) -> ProjectLocation:
    top = _repository(manage.parent) or root
    return ProjectLocation(root=top, directory=manage.parent, manage=manage, why=why)


def _manage_files(path: Path, pattern: str) -> Iterator[Path]:
    for file in path.glob(f"{pattern}/{MANAGE}"):
        inner = file.parent.relative_to(path).parts
        hidden = any(part.startswith(".") or part in _NOT_A_PROJECT for part in inner)
        if file.is_file() and not hidden:
            yield file


# Without a manage.py


def _by_settings(path: Path) -> list[ProjectLocation]:
    """Return the project of the settings that configuration files name, or else all that exist."""
    named = list(dict.fromkeys(_named_settings(path)))
    if named:
        module, file = named[0]
        directory = path / "src" if _is_module(path / "src", module) else path
        return [ProjectLocation(path, directory, f"{file} names it", settings=module)]
    existing = dict.fromkeys(
        (directory, module)
        for directory in (path, path / "src")
        for module in _settings_modules(directory)
    )
    return [
        ProjectLocation(path, directory, "the only one", settings=module)
        for directory, module in existing
    ]


def _is_module(directory: Path, module: str) -> bool:
    file = directory.joinpath(*module.split("."))
    return file.is_dir() or file.with_suffix(".py").is_file()


def _settings_modules(directory: Path) -> Iterator[str]:
    for pattern in ("settings.py", "*/settings.py", "*/settings/__init__.py"):
        for file in sorted(directory.glob(pattern)):
            path = file.parent if file.name == "__init__.py" else file.with_suffix("")
            module = ".".join(path.relative_to(directory).parts)
            if _MODULE.fullmatch(module) and not _NOT_A_PROJECT.intersection(module.split(".")):
                yield module


def _named_settings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each settings module that a configuration file names, and the file."""
    tools = read_toml(path / "pyproject.toml").get("tool", {})
    modules = [
        tools.get("pytest", {}).get("ini_options", {}).get(_VARIABLE),
        tools.get("django-stubs", {}).get("django_settings_module"),
    ]
    yield from ((module, "pyproject.toml") for module in modules if isinstance(module, str))
    for name, section in _INI_SECTIONS:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(path / name, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        module = parser.get(section, _VARIABLE, fallback="")
        if _MODULE.fullmatch(module):
            yield module, name


def read_toml(file: Path) -> TomlTable:
    """Return the content of a TOML file; empty if it does not exist or cannot be parsed."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
