"""Failed logins: how many are free, how long the next has to wait, and what is stored of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from dashboard.accounts import FailedLogins
from dashboard.web.access.login_limit import (
    FORGOTTEN_AFTER,
    FREE_FAILURES,
    LONGEST_WAIT_S,
    count_failure,
    forget,
    wait_s,
)

pytestmark = pytest.mark.django_db
ADDRESS = "192.0.2.7"


def fail(times: int, name: str = "alice", address: str = ADDRESS) -> None:
    for _ in range(times):
        count_failure(name, address)


def go_back(by: timedelta) -> None:
    """Let so much time pass."""
    FailedLogins.objects.update(last=F("last") - by)


def test_five_are_free_and_then_the_wait_doubles() -> None:
    waits = []
    for _ in range(14):
        fail(1)
        waits.append(wait_s("alice", ADDRESS))
    assert waits[: FREE_FAILURES - 1] == [0] * (FREE_FAILURES - 1)
    assert waits[FREE_FAILURES - 1 : FREE_FAILURES + 3] == [10, 20, 40, 80]
    assert waits[-1] == LONGEST_WAIT_S


def test_after_the_wait_one_may_try_again() -> None:
    fail(FREE_FAILURES)
    go_back(timedelta(seconds=11))
    assert wait_s("alice", ADDRESS) == 0


def test_a_name_waits_at_every_address_and_an_address_with_every_name() -> None:
    fail(FREE_FAILURES)
    assert wait_s("alice", "192.0.2.8") > 0
    assert wait_s("bob", ADDRESS) > 0
    assert wait_s("bob", "192.0.2.8") == 0


def test_a_client_has_all_addresses_of_its_ipv6_network() -> None:
    for number in range(FREE_FAILURES):
        fail(1, f"name{number}", f"2001:db8::{number}")
    assert wait_s("other", "2001:db8::ffff") > 0
    assert wait_s("other", "2001:db8:0:1::1") == 0


def test_a_login_forgets_them_and_so_does_a_day() -> None:
    fail(FREE_FAILURES)
    forget("alice", ADDRESS)
    assert wait_s("alice", ADDRESS) == 0
    fail(FREE_FAILURES)
    go_back(FORGOTTEN_AFTER)
    assert wait_s("alice", ADDRESS) == 0
    fail(1, "bob", "192.0.2.9")
    assert FailedLogins.objects.count() == 2


def test_no_name_is_stored_since_some_type_their_password_there() -> None:
    fail(1, "hunter2")
    assert not [row for row in FailedLogins.objects.values() if "hunter2" in str(row)]


def test_the_number_of_rows_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.web.access.login_limit.MOST_KEYS", 10)
    for number in range(30):
        fail(1, f"name{number}", f"192.0.2.{number}")
    assert FailedLogins.objects.count() <= 10
