"""The process that commands are forked from, started once for a module of tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.management.command import NOT_INHERITED, ROOT

# Root's right to write to what permissions forbid; without it they hold for root as for any owner.
NO_OVERRIDE = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")
OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private", "--")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Forks:
    """Runs commands, one after the other."""

    process: subprocess.Popen[str]
    can_mount: bool
    permissions_hold: bool

    def run(self, home: Path, *arguments: str, **constants: Any) -> Ended:
        """Run a command to its end; `constants` are set in it first, `__` standing for a dot."""
        named = {name.replace("__", "."): value for name, value in constants.items()}
        return self._ask(arguments=arguments, home=str(home), constants=named)

    def need_permissions(self) -> None:
        """Skip where these commands may write to anything, whatever its mode."""
        if not self.permissions_hold:
            pytest.skip("permissions do not bind root without setpriv(1)")

    def mount(self, *arguments: str) -> None:
        """Mount something that only these commands see; skip where that is refused."""
        if not self.can_mount:
            pytest.skip("mounting needs root, and unshare(1)")
        done = self._ask(mount=arguments)
        if done.status:
            pytest.skip(f"mount(8) is refused here: {done.stderr.strip()}")

    def seen(self, path: Path) -> Path:
        """Return the path of a file as these commands see it."""
        return Path(f"/proc/{self.process.pid}/root{path}") if self.can_mount else path

    def _ask(self, **request: object) -> Ended:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return Ended(**json.loads(self.process.stdout.readline()))


@contextmanager
def forks(mark: str, **variables: str) -> Iterator[Forks]:
    """Start the process; it ends with the block."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    prefix = list(_prefix())
    with subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.management.forked.server"],
        cwd=ROOT,
        env={**inherited, "LIVEBURST_MARK": mark, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "{}\n"
        bound = os.geteuid() != 0 or "setpriv" in prefix
        yield Forks(process, can_mount="unshare" in prefix, permissions_hold=bound)
        process.communicate()


def _prefix() -> Iterator[str]:
    """Yield what comes before the command: own mounts, and no more rights than an owner's."""
    for command in (NO_OVERRIDE, OWN_MOUNTS) if os.geteuid() == 0 else ():
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "true"], check=False).returncode
        ):
            yield from command
