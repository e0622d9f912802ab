"""`manage.py user`: who may use an exposed dashboard. There is no other place to make users."""

from __future__ import annotations

import getpass
import re
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from dashboard.accounts import Role, User
from dashboard.database.opening import open_database
from dashboard.management.options import BAD_USAGE, NO_CHECKS, Options

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class Command(BaseCommand):
    """Adds, lists, changes and removes users."""

    help = "Make users of an exposed dashboard: viewers watch, operators also fire."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the actions and their arguments."""
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        add = actions.add_parser("add", help="add a user; asks for the password")
        add.add_argument("name", metavar="NAME")
        add.add_argument("--role", choices=Role.values, default=Role.VIEWER)
        actions.add_parser("list", help="list all users")
        password = actions.add_parser("password", help="set a password; ends the user's sessions")
        password.add_argument("name", metavar="NAME")
        role = actions.add_parser("role", help="change a role")
        role.add_argument("name", metavar="NAME")
        role.add_argument("role", choices=Role.values, metavar="viewer|operator")
        remove = actions.add_parser("remove", help="remove a user; ends the user's sessions")
        remove.add_argument("name", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        """Perform the action."""
        actions: dict[str, Callable[[Options], None]] = {
            "add": self._add,
            "list": self._list,
            "password": self._password,
            "role": self._role,
            "remove": self._remove,
        }
        open_database()
        actions[options["action"]](options)

    def _add(self, options: Options) -> None:
        name = options["name"]
        if not NAME.fullmatch(name):
            expected = "expected up to 32 of a-z, 0-9 and ._-, the first a letter or digit"
            raise CommandError(f"name: {expected}, found {name!r}", returncode=BAD_USAGE)
        if User.objects.filter(name=name).exists():
            raise CommandError(f"name: {name} is a user already", returncode=BAD_USAGE)
        user = User(name=name, role=options["role"])
        user.set_password(read_password(user))
        user.save()
        self.stdout.write(f"Added {name} as {user.role}.")

    def _list(self, options: Options) -> None:
        users = list(User.objects.all())
        for user in users:
            last = f"{user.last_login:%Y-%m-%d %H:%M} UTC" if user.last_login else "never"
            self.stdout.write(f"{user.name:<32} {user.role:<8}  last login: {last}")
        if not users:
            self.stdout.write("No users.")

    def _password(self, options: Options) -> None:
        user = _user(options["name"])
        user.set_password(read_password(user))
        user.save()
        self.stdout.write(f"Set the password of {user.name}, and ended the user's sessions.")

    def _role(self, options: Options) -> None:
        user = _user(options["name"])
        user.role = options["role"]
        user.save()
        self.stdout.write(f"{user.name} is {user.role} now.")

    def _remove(self, options: Options) -> None:
        user = _user(options["name"])
        user.delete()
        self.stdout.write(f"Removed {user.name}, and ended the user's sessions.")


def _user(name: str) -> User:
    user = User.objects.filter(name=name).first()
    if user is None:
        raise CommandError(f"name: expected a user, found {name!r}", returncode=BAD_USAGE)
    return user


def read_password(user: User) -> str:
    """Return a password that was typed twice without echo, or is the first line of stdin.

    It is never an argument: other users of the machine can read command lines.
    """
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise CommandError("password: expected the same twice", returncode=BAD_USAGE)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password, user)
    except ValidationError as error:
        problem = " ".join(error.messages)
        raise CommandError(f"password: {problem}", returncode=BAD_USAGE) from None
    return password
