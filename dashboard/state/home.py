"""Where Liveburst keeps its state, and where its own files are.

In the repository the state is in `.liveburst/` beside manage.py; installed from a wheel it is in
the user's state directory. LIVEBURST_HOME overrides both.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from dashboard.wire.errors import UnusableHome

ROOT = Path(__file__).resolve().parents[2]
_SHIPPED = Path(__file__).resolve().parents[1] / "shipped"  # exists only in a wheel
# Contains templates/, static/ and node_modules/.
FILES = _SHIPPED if _SHIPPED.is_dir() else ROOT

DATABASE, KEY, LOG = "liveburst.sqlite3", "key", "dashboard.log"
OWNER_ONLY = 0o700
SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # nosec B108 # noqa: S108 - to refuse them
ANOTHER_HOME = "Name another directory in LIVEBURST_HOME."


def home() -> Path:
    """Return the state directory, which exists once `make_home` was called."""
    # Unlike Path.resolve, realpath does not raise upon a loop of symbolic links.
    return Path(os.path.realpath(os.environ.get("LIVEBURST_HOME") or _default_home()))


def _default_home() -> Path:
    if FILES == ROOT:
        return ROOT / ".liveburst"
    state = os.environ.get("XDG_STATE_HOME") or _users_directory() / ".local" / "state"
    return Path(state) / "liveburst"


def _users_directory() -> Path:
    """Return `~`; unlike Path.home, for a user without an entry in the password file as well."""
    return Path(os.path.expanduser("~"))  # noqa: PTH111


def make_home() -> Path:
    """Create the state directory, accessible to its owner only, and return it.

    An existing one becomes so as well. Raises UnusableHome.
    """
    directory = home()
    try:
        directory.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        _check_own(directory)
        _close_to_others(directory)
    except FileExistsError:
        raise UnusableHome(f"The home {directory} is not a directory.", ANOTHER_HOME) from None
    except OSError as error:
        problem = f"The home {directory} cannot be used: {error.strerror}."
        raise UnusableHome(problem, ANOTHER_HOME) from None
    return directory


def _check_own(directory: Path) -> None:
    """Raise UnusableHome for a directory that all users write to, such as /tmp.

    A mounted tmpfs has the same mode; one that is ours and no usual place is closed to others.
    """
    status = directory.stat()
    usual = directory in {Path(os.path.realpath(each)) for each in (*SHARED, tempfile.gettempdir())}
    if usual or (status.st_mode & stat.S_ISVTX and status.st_uid != os.geteuid()):
        raise UnusableHome(f"The home {directory} is shared by all users.", ANOTHER_HOME)


def _close_to_others(directory: Path) -> None:
    """Remove all permissions of other users, unless the directory is not Liveburst's alone.

    A file system without permissions is left as it is.
    """
    if directory in {Path(directory.anchor), _users_directory()}:
        return
    if stat.S_IMODE(directory.stat().st_mode) & ~OWNER_ONLY:
        with suppress(OSError):
            directory.chmod(OWNER_ONLY)
