"""Where Liveburst keeps its state, and where its own files are.

In the repository the state is in `.liveburst/` beside manage.py; installed from a wheel it is in
the user's state directory. LIVEBURST_HOME overrides both.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SHIPPED = Path(__file__).resolve().parent / "shipped"  # exists only in a wheel
# Contains templates/, static/ and node_modules/.
FILES = _SHIPPED if _SHIPPED.is_dir() else ROOT


def home() -> Path:
    """Return the state directory, created on first use and readable by its owner only."""
    directory = Path(os.environ.get("LIVEBURST_HOME") or _default_home()).resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def _default_home() -> Path:
    if FILES == ROOT:
        return ROOT / ".liveburst"
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "liveburst"


def secret_key() -> str:
    """Return the secret key of this installation, created on first use."""
    path = home() / "key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key
