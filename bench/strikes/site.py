"""Where strikes are made one after the other: homes of their own, and a dashboard that is kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench.observed_processes import listening, shown, until
from dashboard.state.home import LOG
from tests.prepared_home import prepare

from .case import Result
from .starter import Starter

GONE_S = 3.0  # within which processes and sockets must be gone
LATER_S = 20.0  # how long it is observed when what had to be gone is gone after all
ENDS_S = 15.0  # a dashboard or a command that received SIGTERM
FAILURES = ("Traceback (most recent", "Internal Server Error", "Liveburst itself failed")
STRIKES_OF_A_HOME = 12  # then it is replaced, and its dashboard has to end


class Site:
    """Strikes made here share nothing with those of another site but the machine.

    A dashboard takes more CPU time to start than a strike, so it is kept where it is not the
    victim. It is ended every few strikes, with what has to be gone then.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count()
        self._homes: dict[str, tuple[Path, int]] = {}  # by kind, with the strikes made in it
        self._kept: Starter | None = None

    def starter(self, kind: str, rounds: int) -> Starter:
        """Return the dashboard that is kept, or a new one; or a new command."""
        if self._kept is not None and kind == "dashboard":
            return self._kept
        starter = Starter(self._home(kind), kind, rounds)
        if kind == "dashboard":
            self._kept = starter
        return starter

    def _home(self, kind: str) -> Path:
        home, _ = self._homes.get(kind, (None, 0))
        if home is None:
            home = self._directory / f"{kind}-{next(self._numbers)}"
            prepare(home)
            self._homes[kind] = home, 0
        return home

    def give_back(self, starter: Starter, result: Result) -> None:
        """Keep the starter if it is a dashboard that goes on; else end it, and check that it has.

        A home in which a fault was found is left as it is, so that the cause can be looked for.
        """
        kind = starter.kind
        home, strikes = self._homes[kind]
        self._homes[kind] = home, strikes + 1
        result.faults.extend(failures_in(home))
        worn = strikes + 1 >= STRIKES_OF_A_HOME or bool(result.faults)
        if kind == "dashboard" and starter.alive and not worn:
            return
        if starter is self._kept:
            self._kept = None
        end(starter, result)
        if worn or result.faults:
            self._leave(kind, delete=not result.faults)

    def close(self) -> Result:
        """End the dashboard that is kept; return what was found then."""
        result = Result("end", "dashboard", "warm")
        if self._kept is not None:
            end(self._kept, result)
            self._kept = None
        for kind in list(self._homes):
            self._leave(kind, delete=not result.faults)
        return result

    def _leave(self, kind: str, *, delete: bool) -> None:
        home, _ = self._homes.pop(kind)
        if delete:
            shutil.rmtree(home, ignore_errors=True)


def end(starter: Starter, result: Result) -> None:
    """Have the starter end by SIGTERM, and check that nothing is left; then kill what is."""
    sockets = starter.sockets()
    if starter.alive:
        starter.process.terminate()
    until(lambda: not starter.alive, ENDS_S)
    result.expect(not starter.alive, "SIGTERM did not end the starter")
    expect_gone(starter, sockets, result, "at the end")
    starter.close()


def failures_in(home: Path) -> list[str]:
    """Return the ends of what was printed or logged of failures of Liveburst itself."""
    paths = [*home.glob("*.stderr"), *home.glob(LOG)]
    texts = {path.name: path.read_text(errors="replace") for path in paths}
    return [
        f"{name}: {text[text.index(words) :][:2_000]}"
        for name, text in texts.items()
        for words in FAILURES
        if words in text
    ]


def expect_gone(starter: Starter, sockets: set[int], result: Result, when: str) -> None:
    """Check that no process of a starter is left after GONE_S, and none of these sockets."""
    expect_none_of(lambda: sorted(starter.pids()), result, f"processes are left {when}")
    ports = listening()
    left = sorted(ports[socket] for socket in sockets & set(ports))
    result.expect(not left, f"ports are left {when}: {left}")


def expect_none_of(left: Callable[[], list[int]], result: Result, fault: str) -> None:
    """Check that there are none of these processes after GONE_S; find out when they are gone."""
    began_s = time.monotonic()
    if not until(lambda: not left(), GONE_S):
        names = shown(left())
        later = until(lambda: not left(), LATER_S)
        after = f"gone after {time.monotonic() - began_s:.1f} s" if later else "not gone later"
        result.faults.append(f"{fault} after {GONE_S:g} s ({after}): {names}")
    result.gone_s = max(result.gone_s, round(time.monotonic() - began_s, 2))
