"""The connections that a listening socket turned away, as the kernel counts them."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from dashboard.targets.observe import listeners
from dashboard.targets.observe.listeners import Drops, listeners_on, namespace_drops
from tests.listening import TURNED_AWAY, deaf, filled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux reports them")


def test_connections_that_fit_are_queued_and_none_is_dropped() -> None:
    with deaf() as address:
        before = Drops.at(*address)
        with filled(address, clients=2):
            listener = (listeners_on(*address) or [])[0]
            assert (listener.queued, listener.backlog, listener.drops) == (2, 1, 0)
            assert Drops.at(*address).since(before) == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_full_backlog_counts_the_connections_it_turned_away(host: str) -> None:
    with deaf(host=host) as address:
        before = Drops.at(*address)
        with filled(address):
            turned_away = Drops.at(*address).since(before)
            assert turned_away is not None
            assert turned_away >= TURNED_AWAY  # each retry counts again


def test_another_programs_full_backlog_is_not_ours() -> None:
    with deaf() as ours, deaf() as theirs:
        before, before_of_all = Drops.at(*ours), namespace_drops()
        with filled(theirs):
            after_of_all = namespace_drops()
            assert before_of_all is not None
            assert after_of_all is not None
            assert after_of_all > before_of_all  # all that /proc/net/netstat reports
            assert Drops.at(*ours).since(before) == 0


def test_listeners_that_share_a_port_add_up() -> None:
    with deaf(shared=3) as address:
        before = Drops.at(*address)
        assert len(listeners_on(*address) or ()) == 3
        with filled(address, clients=40):
            assert (Drops.at(*address).since(before) or 0) >= 40 - 3 * 2


def test_a_new_listener_counts_from_zero() -> None:
    with deaf() as address:
        after = Drops.at(*address)
    assert Drops({1: 5, 3: 2}, None).since(Drops({1: 4, 2: 9}, None)) == 3
    assert after.since(Drops({}, after.all)) == 0


@pytest.mark.parametrize(
    ("own_before", "own_after", "all_before", "all_after", "expected"),
    [
        (4, 9, 100, 200, 5),
        (4, 9, 100, 100, 0),  # packets that were no connections
        (4, 9, 100, 102, 2),
        (4, 4, 100, 200, 0),  # all of them another program's
        (4, 9, None, None, 5),
        (None, 9, 100, 200, None),
        (4, None, 100, 200, None),  # never a guess from the namespace's
    ],
)
def test_the_namespaces_drops_only_ever_lower_a_listeners_own(
    own_before: int | None,
    own_after: int | None,
    all_before: int | None,
    all_after: int | None,
    expected: int | None,
) -> None:
    before, after = (
        Drops(None if own is None else {7: own}, of_all)
        for own, of_all in ((own_before, all_before), (own_after, all_after))
    )
    assert after.since(before) == expected


@pytest.mark.parametrize(
    ("address", "host", "reached"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("::", "127.0.0.1", True),
        ("::1", "localhost", True),
        ("127.0.0.2", "127.0.0.1", False),
        ("192.0.2.7", "localhost", False),
    ],
)
def test_only_listeners_that_can_be_reached_count(address: str, host: str, reached: bool) -> None:
    assert listeners._is_reached(address, host) is reached


def test_drops_are_unknown_where_the_system_does_not_report_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no netlink here")

    with deaf() as address:
        before = Drops.at(*address)
        monkeypatch.setattr(socket.socket, "send", refuse)
        assert listeners_on(*address) is None
        assert Drops.at(*address).since(before) is None
    monkeypatch.setattr(sys, "platform", "darwin")
    assert listeners_on(*address) is None
    assert namespace_drops(tmp_path / "nowhere") is None


def test_the_namespaces_drops_are_read_by_their_name(tmp_path: Path) -> None:
    netstat = tmp_path / "netstat"
    netstat.write_text("TcpExt: A ListenDrops B\nTcpExt: 1 23 4\nIpExt: C\nIpExt: 5\n")
    assert namespace_drops(netstat) == 23
