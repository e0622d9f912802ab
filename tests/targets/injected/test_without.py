"""Middleware that a lane leaves out: which entries a name fits, and what is refused."""

from __future__ import annotations

import pytest

from .calls import Probe

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
OWN = "shop.middleware.MessageMiddleware"


def remaining(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, names: str, *entries: str
) -> list[str]:
    monkeypatch.setenv("LIVEBURST_WITHOUT", names)
    found: list[str] = probe.without.remaining(entries)
    return found


@pytest.mark.parametrize("name", [SESSIONS, "SessionMiddleware", "middleware.SessionMiddleware"])
def test_an_entry_is_named_by_its_path_or_the_end_of_it(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert remaining(probe, monkeypatch, name, SESSIONS, MESSAGES) == [MESSAGES]
    probe.without.check_left_out()


def test_several_are_left_out_and_the_others_keep_their_order(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = f"SessionMiddleware,{OWN}"
    assert remaining(probe, monkeypatch, names, "a.B", SESSIONS, OWN, MESSAGES) == ["a.B", MESSAGES]
    probe.without.check_left_out()


def test_a_name_that_fits_two_entries_is_refused(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=f"expected one of {MESSAGES}, {OWN}"):
        remaining(probe, monkeypatch, "MessageMiddleware", OWN, MESSAGES)


def test_a_name_may_be_in_one_chain_of_several(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remaining(probe, monkeypatch, "SessionMiddleware") == []
    assert remaining(probe, monkeypatch, "SessionMiddleware", SESSIONS) == []
    probe.without.check_left_out()


@pytest.mark.parametrize("name", ["Middleware", "ions.middleware.SessionMiddleware", "nothing"])
def test_a_name_that_fits_no_entry_is_refused_with_those_there_are(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert remaining(probe, monkeypatch, name, SESSIONS, MESSAGES) == [SESSIONS, MESSAGES]
    with pytest.raises(ValueError, match=f"without={name}: expected one of {SESSIONS}, {MESSAGES}"):
        probe.without.check_left_out()


def test_without_any_middleware_nothing_can_be_left_out(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remaining(probe, monkeypatch, "SessionMiddleware") == []
    with pytest.raises(ValueError, match="expected none, MIDDLEWARE is empty"):
        probe.without.check_left_out()


def test_nothing_is_overridden_unless_something_is_named(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEBURST_WITHOUT", "")
    probe.without.check_left_out()
    assert remaining(probe, monkeypatch, "", SESSIONS) == [SESSIONS]
