"""A PostgreSQL server for tests, in a directory of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dashboard.targets.lifecycle.sockets import free_port
from tests.targets.helpers import until

OWNER = "postgres"  # the server refuses to run as root
CLIENTS = "300"  # at most; a project that leaks connections needs some


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of a database, on a server that runs as long as the block.

    Skips the test where PostgreSQL is not installed.
    """
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed here")
    user = OWNER if os.getuid() == 0 else None
    directory = Path(tempfile.mkdtemp(prefix="liveburst-postgresql-"))
    if user:
        os.chown(directory, pwd.getpwnam(user).pw_uid, -1)
    data, port = str(directory / "data"), free_port()
    subprocess.run(
        [initdb, "-D", data, "-U", "lab", "-A", "trust", "--no-sync"],
        user=user, check=True, stdout=subprocess.DEVNULL, cwd=directory,
    )  # fmt: skip
    server = subprocess.Popen(
        [postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", "-F", "-N", CLIENTS],
        user=user, stderr=subprocess.DEVNULL, cwd=directory,
    )  # fmt: skip
    url = f"postgresql://lab@127.0.0.1:{port}/postgres"
    assert until(lambda: answers(url))
    yield url
    server.terminate()
    server.wait(10)
    shutil.rmtree(directory)


def program(name: str) -> str | None:
    """Debian keeps them away from the path."""
    paths = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(paths[-1]) if paths else None)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True
