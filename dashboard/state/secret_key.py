"""The installation's secret key, a file in its home.

It is written completely under another name first, so that a process that is killed meanwhile or a
full disk leaves no short one.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from dashboard.wire.errors import UnusableHome

from .durable import publish, write_synced
from .home import KEY, make_home

RANDOM_BYTES = 50  # 67 characters
MIN_LENGTH = 50  # of a key, in characters, as Django's own check demands
SET_KEY_ASIDE = "Set it aside by `doctor --set-aside key`; the next start writes a new one."


def secret_key() -> str:
    """Return the secret key of this installation, created on first use. Raises UnusableHome."""
    path = make_home() / KEY
    if not os.path.lexists(path):
        _create(path)
    return _read(path)


def settings_key() -> str:
    """Return the secret key, or one for this process alone if the home cannot be used.

    Every command loads the settings, `doctor` as well. A command that needs the home calls
    `open_database` first, which raises the error that is ignored here.
    """
    try:
        return secret_key()
    except UnusableHome:
        return secrets.token_urlsafe(RANDOM_BYTES)


def _read(path: Path) -> str:
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UnusableHome(f"The key {path} cannot be read: {reason}.", SET_KEY_ASIDE) from None
    if len(key) < MIN_LENGTH:
        problem = f"The key {path} has {len(key)} characters, expected at least {MIN_LENGTH}."
        raise UnusableHome(problem, SET_KEY_ASIDE)
    return key


def _create(path: Path) -> None:
    """Write a new key, unless another process is first. Raises UnusableHome."""
    temporary = path.with_name(f"{KEY}.{os.getpid()}.new")
    try:
        write_synced(temporary, secrets.token_urlsafe(RANDOM_BYTES).encode())
        publish(temporary, path)
    except OSError as error:
        problem = f"The key {path} cannot be written: {error.strerror}."
        way_out = "Make room or permit writing there, or name another directory in LIVEBURST_HOME."
        raise UnusableHome(problem, way_out) from None
    finally:
        with suppress(OSError):  # it was renamed, or never written
            temporary.unlink()
