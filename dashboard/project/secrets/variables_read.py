"""Which environment variables a project's settings read, as far as their text shows it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

_SKIPPED = {"node_modules", "__pycache__", "site-packages", "tests", "migrations"}
_MOST_FILES = 200
_MOST_BYTES = 256 * 1024  # of a file

# A name in quotes, given to `os.environ`, `getenv`, django-environ, environs or decouple.
_READ = re.compile(
    r"""\b(?:environ(?:\.(?:get|pop|setdefault))?|getenv|env(?:\.\w+)?|config|get_env\w*)
    \s*[\[(]\s*["']([A-Za-z_]\w*)["']""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"""["']([A-Za-z]\w*_\w*)["']""")
# What dj-database-url and django-environ read without being given a name.
_UNNAMED = {
    re.compile(r"\bdj_database_url\.config\(\s*(?!env\b)"): "DATABASE_URL",
    re.compile(r"\benv\.db(?:_url)?\(\s*\)"): "DATABASE_URL",
    re.compile(r"\benv\.cache(?:_url)?\(\s*\)"): "CACHE_URL",
    re.compile(r"\benv\.email(?:_url)?\(\s*\)"): "EMAIL_URL",
}


def variables_read(directory: Path, settings: str = "") -> list[str]:
    """Return the names of the variables that the settings below a directory read, sorted.

    `settings` is the settings module: it and what is beside it are read whatever their names.
    """
    names: set[str] = set()
    for text in _settings_texts(directory, settings):
        names |= _names_read(text)
    return sorted(names)


def names_mentioned(directory: Path, names: Iterable[str], settings: str = "") -> list[str]:
    """Return which of these variables the settings below a directory read or name in quotes.

    In quotes a name needs an underscore: TERM or MAIL would be a word.
    """
    mentioned: set[str] = set()
    for text in _settings_texts(directory, settings):
        mentioned |= _names_read(text)
        mentioned.update(_QUOTED.findall(text))
    return sorted(mentioned.intersection(names))


def _names_read(text: str) -> set[str]:
    """Return the names of the variables that one module reads."""
    names: set[str] = set(_READ.findall(text))
    names.update(name for pattern, name in _UNNAMED.items() if pattern.search(text))
    return names


def _settings_texts(directory: Path, settings: str) -> Iterator[str]:
    package = tuple(settings.split("."))[:-1]
    for path in islice(_settings_files(directory, package), _MOST_FILES):
        try:
            with path.open("rb") as file:
                yield file.read(_MOST_BYTES).decode(errors="replace")
        except OSError:  # removed meanwhile, or not readable
            continue


def _settings_files(directory: Path, package: tuple[str, ...]) -> Iterator[Path]:
    """Yield the modules with settings, configuration, WSGI and ASGI; no virtualenv's.

    Those are the modules of the package of the settings, of any with `settings` or `conf` in its
    path, and others with such names.
    """
    for folder, folders, names in os.walk(directory):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not name.startswith(".")
        )
        place = Path(folder).relative_to(directory)
        in_package = re.search(r"settings|conf", str(place)) or (
            package and place.parts[-len(package) :] == package
        )
        for name in sorted(names):
            if name.endswith(".py") and (in_package or _is_settings(name)):
                yield Path(folder, name)


def _is_settings(name: str) -> bool:
    return bool(re.search(r"settings|conf|env", name)) or name in {
        *("manage.py", "wsgi.py", "asgi.py", "celery.py"),
    }
