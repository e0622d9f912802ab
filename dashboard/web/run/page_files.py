"""The page's own styles and scripts, for use inside one document.

They are the bundle's. In a repository without a current bundle they are the sources: each module is
a `data:` URL in an import map, because browsers refuse to load modules from files.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from functools import partial
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils.safestring import SafeString, mark_safe

from dashboard.web.serving.bundle import IN_FILE, REPLACED, built_text

STYLES = "css/page.css"
ENTRY = "main.js"
NAMESPACE = "liveburst/"  # a `data:` module has no base for relative imports
_IMPORT = re.compile(r"\b(from|import) '(\.[\w./-]+\.js)'")  # of another of our modules
_IMPORTED_STYLES = re.compile(r'@import "([\w-]+\.css)";')


def styles() -> SafeString:
    """Return the style sheets of a run's page as one."""
    text = built_text(STYLES)
    if text is None:
        text = _IMPORTED_STYLES.sub(lambda match: _read(f"css/{match[1]}"), _read(STYLES))
    return mark_safe(text)  # nosec B308, B703 # noqa: S308 - our own style sheets


def script() -> tuple[SafeString, SafeString]:
    """Return a module script, and the import map that it needs; empty if it is the bundle's."""
    built = built_text(IN_FILE)
    imports = _import_map() if built is None else SafeString()
    text = built or f"import '{NAMESPACE}{ENTRY}';"
    return mark_safe(text), imports  # nosec B308, B703 # noqa: S308 - our own script


def _import_map() -> SafeString:
    """Map each module's name to a `data:` URL."""
    addresses = {}
    for name, source in modules().items():
        encoded = base64.b64encode(source.encode()).decode()
        addresses[NAMESPACE + name] = f"data:text/javascript;base64,{encoded}"
    return mark_safe(json.dumps({"imports": addresses}))  # nosec B308, B703 # noqa: S308 - base64 has no markup


def modules() -> dict[str, str]:
    """Return the entry and all modules that it imports, by name; imports use these names."""
    sources: dict[str, str] = {}
    pending = [ENTRY]
    while pending:
        name = pending.pop()
        if name in sources:
            continue
        source = _read(f"js/{REPLACED.get(name, name)}")
        pending += [_resolved(name, path) for _, path in _IMPORT.findall(source)]
        sources[name] = _IMPORT.sub(partial(_named, name), source)
    return sources


def _named(importer: str, match: re.Match[str]) -> str:
    """Return an import statement's start with the module's name in the import map."""
    return f"{match[1]} '{NAMESPACE}{_resolved(importer, match[2])}'"


def _resolved(importer: str, path: str) -> str:
    """Resolve a path that `importer` imports against the root of all scripts."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


def _read(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"static/{name} does not exist")
    return Path(path).read_text(encoding="utf-8")
