"""The thread hops that middleware causes, by Django's own rules, and which of it causes them.

Let M1 … Mn be MIDDLEWARE, M1 outermost, and the handler below Mn async under ASGI, sync under WSGI.

1. `BaseHandler.load_middleware` builds the chain from the inside. Mi runs as sync code if what is
   below it does and sync code can call Mi, and else as a coroutine if it can be one:

       mode(Mi) = sync   if mode(below) is sync and Mi is sync-capable
                  async  else, if Mi is async-capable
                  sync   else

2. `adapt_method_mode` wraps what is called in the other mode. That is one hop wherever the mode
   changes between two neighbours, and between M1 and the server, which calls in the handler's mode.
3. A `MiddlewareMixin` that is a coroutine (`__acall__`) calls its `process_request` and its
   `process_response` on a thread: a hop each. As sync code it calls them directly.
4. `process_view` is adapted to the handler: a hop if that is async, whatever its middleware is.
5. Besides, under ASGI: one for the receivers of `request_started`, one for `response.close()`.
6. A view of the other kind than the handler: one.

So, with r, v and s of each Mi (1 if it has that stage, which is sync in all of the default seven):

    hops = changes of mode + sum of r + s where Mi is async (+ sum of v + 2 under ASGI)
           + 1 if the view is of the other kind
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashboard.analysis.xray.bill import middleware_bill
from dashboard.analysis.xray.trace import Xray, read_trace
from tests.targets.helpers import ROOT
from tests.targets.injected.test_xray import DEFAULT_SEVEN
from tests.targets.lifecycle.test_other_virtualenv import other_pythons
from tests.virtualenvs import DJANGO_4, DJANGO_6, prepared_virtualenv

SYNC_ONLY, ASYNC_ONLY = (
    f"tests.targets.injected.xray_project.{kind}_only" for kind in ("sync", "async")
)
SEVEN = DEFAULT_SEVEN.split(",")
CHAINS: dict[str, list[str]] = {
    "none": [],
    "seven": SEVEN,
    "sync-only": [SYNC_ONLY],
    "sync-only first": [SYNC_ONLY, *SEVEN],
    "sync-only last": [*SEVEN, SYNC_ONLY],
    "sync-only twice": [SYNC_ONLY, *SEVEN, SYNC_ONLY],
    "async-only first, sync-only last": [ASYNC_ONLY, *SEVEN, SYNC_ONLY],
    "async-only last": [*SEVEN, ASYNC_ONLY],
}
# Hops of the sync and of the async view.
EXPECTED: dict[str, dict[str, tuple[int, int]]] = {
    "asgi": {
        "none": (3, 2),
        "seven": (16, 15),
        "sync-only": (5, 4),
        "sync-only first": (18, 17),
        "sync-only last": (6, 5),
        "sync-only twice": (6, 5),
        "async-only first, sync-only last": (6, 5),
        "async-only last": (16, 15),
    },
    "wsgi": {
        "none": (0, 1),
        "seven": (0, 1),
        "sync-only": (0, 1),
        "sync-only first": (0, 1),
        "sync-only last": (0, 1),
        "sync-only twice": (0, 1),
        "async-only first, sync-only last": (2, 3),
        "async-only last": (14, 15),
    },
}
# What each of the default seven costs as a coroutine: its stages.
STAGES = (2, 2, 2, 3, 1, 2, 1)
VIEWS = ("sync", "async_")


class Stages(NamedTuple):
    """Whether sync and async code can call a middleware, and which stages it has."""

    sync_capable: bool = True
    async_capable: bool = True
    request: int = 1
    view: int = 0
    response: int = 1


RULES = {
    SYNC_ONLY: Stages(async_capable=False, request=0, response=0),
    ASYNC_ONLY: Stages(sync_capable=False, request=0, response=0),
    **dict.fromkeys(SEVEN, Stages()),
    SEVEN[3]: Stages(view=1),  # CsrfViewMiddleware
    SEVEN[4]: Stages(response=0),  # AuthenticationMiddleware
    SEVEN[6]: Stages(request=0),  # XFrameOptionsMiddleware
}


def hops_by_the_rules(chain: Sequence[str], interface: str, view: str) -> int:
    """The formula above."""
    handler = interface == "asgi"
    modes = [handler]
    for path in reversed(chain):
        rule = RULES[path]
        modes.insert(0, rule.async_capable and not (not modes[0] and rule.sync_capable))
    changes = sum(above != below for above, below in pairwise([handler, *modes]))
    stages = [(RULES[path], mode) for path, mode in zip(chain, modes, strict=False)]
    hops = changes + sum(rule.request + rule.response for rule, mode in stages if mode)
    if handler:
        hops += 2 + sum(rule.view for rule, _ in stages)
    return hops + int((view == "async_") != handler)


class Django(NamedTuple):
    """A version of Django, what installs it, and its Pythons, the preferred ones first.

    4.2 and 6.1 share the virtualenvs of other tests, with the oldest and the newest Python.
    """

    version: str
    package: str
    pythons: tuple[str, ...]


DJANGOS = (
    Django("4.2", DJANGO_4, ("3.9", "3.10", "3.12")),
    Django("5.2", "django==5.2.*", ("3.12", "3.13", "3.10")),
    Django("6.0", "django==6.0.*", ("3.12", "3.13", "3.14")),
    Django("6.1", DJANGO_6, ("3.14", "3.13", "3.12")),
)


@pytest.fixture(scope="module", params=DJANGOS, ids=lambda django: django.version)
def django(request: pytest.FixtureRequest, prepared_virtualenvs: Path) -> Django:
    """Each version; skipped, with the reason, where the machine has no Python for it."""
    found: Django = request.param
    _ = interpreter(found, prepared_virtualenvs)
    return found


@cache
def interpreter(django: Django, prepared: Path) -> Path:
    """Our own interpreter if it has this Django, or else that of a prepared virtualenv."""
    own = subprocess.run(
        [sys.executable, "-c", "import django; print(django.__version__)"],
        check=True,
        capture_output=True,
        text=True,
    )
    if own.stdout.startswith(f"{django.version}."):
        return Path(sys.executable)
    for python in django.pythons:
        for base in other_pythons():
            if base.parents[1].name.startswith(f"{python}."):
                return virtualenv(django, prepared, base)
    return pytest.skip(f"Django {django.version} needs a Python {' or '.join(django.pythons)}")


def virtualenv(django: Django, prepared: Path, base: Path) -> Path:
    try:
        return prepared_virtualenv(prepared, base, django.package)
    except subprocess.CalledProcessError as error:
        return pytest.skip(f"no Django {django.version}: {error.stderr[-200:]}")


@cache
def answer(django: Django, prepared: Path) -> dict[str, Any]:
    """All traces under one Django, by one process."""
    done = subprocess.run(  # noqa: PLW1510 - its stderr is shown below
        [
            str(interpreter(django, prepared)),
            *("-m", "tests.targets.injected.middleware_requests", json.dumps(CHAINS)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["django"].startswith(f"{django.version}.")
    return found


def xray_of(django: Django, prepared: Path, interface: str, chain: str, view: str) -> Xray:
    return read_trace(answer(django, prepared)["traces"][interface][chain][view])


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
@pytest.mark.parametrize("chain", CHAINS)
def test_the_expected_numbers_follow_from_djangos_rules(interface: str, chain: str) -> None:
    by_the_rules = tuple(hops_by_the_rules(CHAINS[chain], interface, view) for view in VIEWS)
    assert by_the_rules == EXPECTED[interface][chain]


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
@pytest.mark.parametrize("chain", CHAINS)
def test_hops_are_counted_exactly_whatever_the_middleware(
    django: Django, prepared_virtualenvs: Path, interface: str, chain: str
) -> None:
    found = tuple(
        len(xray_of(django, prepared_virtualenvs, interface, chain, view).hops) for view in VIEWS
    )
    assert found == EXPECTED[interface][chain]


@pytest.mark.parametrize(
    ("chain", "hops"),
    [
        ("seven", STAGES),
        ("sync-only", (2,)),
        ("sync-only first", (2, *STAGES)),
        # All run as sync code: only the CSRF check's process_view is left, and the last one is why.
        ("sync-only last", (0, 0, 0, 1, 0, 0, 0, 2)),
        ("sync-only twice", (0, 0, 0, 0, 1, 0, 0, 0, 2)),
        ("async-only first, sync-only last", (0, 0, 0, 0, 1, 0, 0, 0, 2)),
    ],
)
def test_each_hop_is_on_the_bill_of_the_middleware_that_makes_it_necessary(
    django: Django, prepared_virtualenvs: Path, chain: str, hops: tuple[int, ...]
) -> None:
    bill = middleware_bill(xray_of(django, prepared_virtualenvs, "asgi", chain, "async_"))
    assert [entry.path for entry in bill] == list(dict.fromkeys(CHAINS[chain]))
    found = {entry.path: entry.cost.hops for entry in bill}
    expected: dict[str, int] = {}
    for path, number in zip(CHAINS[chain], hops, strict=True):
        expected[path] = expected.get(path, 0) + number
    assert found == expected


def test_the_bill_has_what_can_call_each_and_how_it_ran(
    django: Django, prepared_virtualenvs: Path
) -> None:
    xray = xray_of(django, prepared_virtualenvs, "asgi", "async-only first, sync-only last", "sync")
    first, *seven, last = middleware_bill(xray)
    assert (first.kind, first.ran_as) == ("async only", "async")
    assert {(entry.kind, entry.ran_as) for entry in seven} == {("sync and async", "sync")}
    assert (last.kind, last.ran_as) == ("sync only", "sync")
    assert min(entry.own_ms for entry in (first, *seven, last)) > 0
