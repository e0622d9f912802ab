"""`manage.py user` and `manage.py audit`."""

from __future__ import annotations

import getpass
import io
import sys
from collections.abc import Callable

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from dashboard.accounts import AuditEntry, Role, User
from tests.management.command import refusal

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
Typed = Callable[[str], None]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Typed:
    """Gives lines to the command's stdin, which is no terminal."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    def type_(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return type_


def user(*arguments: str) -> str:
    output = io.StringIO()
    call_command("user", *arguments, stdout=output)
    return output.getvalue()


def test_a_user_is_added_with_the_password_from_stdin(typed: Typed) -> None:
    typed(f"{PASSWORD}\n")
    assert user("add", "alice", "--role", "operator") == "Added alice as operator.\n"
    alice = User.objects.get()
    assert alice.check_password(PASSWORD)
    assert alice.role == Role.OPERATOR
    assert user("list").split()[:2] == ["alice", "operator"]


def test_without_a_role_a_user_watches(typed: Typed) -> None:
    typed(PASSWORD)
    user("add", "bob")
    assert User.objects.get().role == Role.VIEWER


def test_at_a_terminal_the_password_is_typed_twice_without_echo(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    answers = iter([PASSWORD, "another one", PASSWORD, PASSWORD])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))
    assert "expected the same twice" in str(refusal("user", "add", "alice"))
    user("add", "alice")
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("password", ["", "four", "password1234", "938475934875", "alicealice12"])
def test_a_weak_password_is_refused(typed: Typed, password: str) -> None:
    typed(f"{password}\n")
    refused = refusal("user", "add", "alice")
    assert refused.returncode == 2
    assert str(refused).startswith("password: ")
    assert not password or password not in str(refused)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "Alice", "a b", "own user", "-x", "a" * 33, "ä", "a/b"])
def test_a_name_is_plain(name: str) -> None:
    arguments = ["user", "add", "--", name] if name.startswith("-") else ["user", "add", name]
    assert refusal(*arguments).returncode == 2


def test_a_user_is_changed_and_removed(typed: Typed) -> None:
    typed(PASSWORD)
    user("add", "alice")
    assert "is a user already" in str(refusal("user", "add", "alice"))
    user("role", "alice", "operator")
    assert User.objects.get().role == Role.OPERATOR
    before = User.objects.get().get_session_auth_hash()
    typed("another long password")
    user("password", "alice")
    assert User.objects.get().get_session_auth_hash() != before  # ends the sessions
    user("remove", "alice")
    assert user("list") == "No users.\n"
    for action in (["password"], ["remove"]):
        assert "expected a user, found 'alice'" in str(refusal("user", *action, "alice"))


def test_the_audit_list_is_printed_newest_last() -> None:
    for number, name in enumerate(["alice", "bob", "alice"]):
        AuditEntry.objects.create(
            user=name, address="192.0.2.7", action="fired", subject=f"run{number}", detail="sleep"
        )
    output = io.StringIO()
    call_command("audit", "--user", "alice", "--last", "5", stdout=output)
    lines = output.getvalue().splitlines()
    assert [line.partition("UTC  ")[2] for line in lines] == [
        "alice at 192.0.2.7: fired run0 sleep",
        "alice at 192.0.2.7: fired run2 sleep",
    ]
