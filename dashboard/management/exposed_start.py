"""What has to be true before a dashboard is exposed: each lacking condition, and what meets it."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from django.core.management import CommandError
from django.db import DatabaseError, connection

from dashboard.accounts import Role, User
from dashboard.management.options import BAD_USAGE
from dashboard.runs.planning.program import suggested_command
from dashboard.state.secret_key import secret_key
from dashboard.web.access.exposure import (
    CERTIFICATE,
    HOSTS,
    KEY,
    LOOPBACK,
    PREFIX,
    PROXY,
    Exposure,
)
from dashboard.web.serving.tls import check_certificate
from dashboard.wire.errors import Invalid, UnusableHome


def check_exposure(exposure: Exposure, host: str, *, with_token: bool) -> None:
    """Raise CommandError unless the dashboard may listen on this address with these settings."""
    problems = list(exposure.problems)
    if exposure.exposed or not is_loopback(host):
        problems += _lacking(exposure, with_token=with_token)
    elif exposure.prefix:
        problems.append(f"{PREFIX} is for a dashboard behind a proxy: set {PROXY} to its address")
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        message = f"The dashboard is not exposed like this:\n{listed}\nSee docs/exposed.md."
        raise CommandError(message, returncode=BAD_USAGE)


def is_loopback(host: str) -> bool:
    """Return True for an address that only this machine reaches. Raises CommandError."""
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host).is_loopback
    except ValueError:
        message = f"host: expected an address of this machine, such as 127.0.0.1, found {host!r}"
        raise CommandError(message, returncode=BAD_USAGE) from None


def _lacking(exposure: Exposure, *, with_token: bool) -> list[str]:
    """Return a line for each condition that is not met."""
    lacking = []
    if not has_operator():
        command = suggested_command("user", "add", "NAME", "--role", "operator")
        lacking.append(f"no user may operate it: {command}")
    if not exposure.exposed:
        lacking.append(
            f"connections are not encrypted: set {CERTIFICATE} and {KEY} to files, or {PROXY} to"
            " the address of a proxy that encrypts them"
        )
    if not exposure.hosts and not exposure.origins:
        lacking.append(f"it has no name: set {HOSTS}, for example to lab.example.com")
    if not with_token:
        lacking.append("--no-token admits everyone: leave it out")
    return [*lacking, *_bad_key(), *_bad_certificate(exposure)]


def _bad_key() -> list[str]:
    """Return the reason why the key cannot sign sessions, if there is one: it may be short."""
    try:
        secret_key()
    except UnusableHome as error:
        return [str(error)]
    return []


def _bad_certificate(exposure: Exposure) -> list[str]:
    if exposure.certificate is None or exposure.key is None:
        return []
    try:
        check_certificate(exposure.certificate, exposure.key)
    except Invalid as error:
        return [str(problem) for problem in error.problems]
    return []


def has_operator() -> bool:
    """Return True if a user may fire. A home without a database has none, and none is made."""
    if not Path(connection.settings_dict["NAME"]).is_file():
        return False
    try:
        return User.objects.filter(role=Role.OPERATOR).exists()
    except DatabaseError:  # of an older version, or unusable: then the start has its own sentence
        return False


def public_address(exposure: Exposure, port: int) -> str:
    """Return the address under which users reach the dashboard, as far as it is known."""
    origin = next(iter(exposure.origins), "")
    if not origin:
        named = [host for host in exposure.hosts if host not in LOOPBACK] or list(exposure.hosts)
        host = named[0].removeprefix(".")
        origin = f"https://{host}" if exposure.proxies else f"https://{host}:{port}"
    return f"{origin}{exposure.prefix}/"
