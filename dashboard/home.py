"""Where Liveburst keeps its state: `.liveburst/` beside manage.py, or LIVEBURST_HOME."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """The state's directory, made on first use and readable by its owner alone."""
    directory = Path(os.environ.get("LIVEBURST_HOME") or ROOT / ".liveburst").resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def secret_key() -> str:
    """The key of this installation: made once, never in the repository."""
    path = home() / "key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key
