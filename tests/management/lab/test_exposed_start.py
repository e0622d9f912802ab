"""What `lab` demands before it is exposed: each lacking condition is named, with what meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from dashboard.accounts import Role, User
from dashboard.web.access.exposure import Exposure
from tests.management.command import ROOT, refusal
from tests.management.proxied import Certificate

PROXY = {"LIVEBURST_TRUSTED_PROXY": "127.0.0.1", "LIVEBURST_ALLOWED_HOSTS": "lab.example.com"}


@pytest.fixture
def operator(db: None) -> User:
    user = User(name="alice", role=Role.OPERATOR)
    user.save()
    return user


def message(*arguments: str) -> str:
    refused = refusal("lab", "--no-browser", *arguments)
    assert refused.returncode == 2
    return str(refused)


@pytest.mark.django_db
def test_everything_that_is_lacking_is_named_at_once() -> None:
    text = message("--host", "0.0.0.0", "--no-token")
    for words in (
        "user add NAME --role operator",
        "set LIVEBURST_TLS_CERTIFICATE and LIVEBURST_TLS_KEY to files, or LIVEBURST_TRUSTED_PROXY",
        "set LIVEBURST_ALLOWED_HOSTS",
        "--no-token admits everyone: leave it out",
        "docs/exposed.md",
    ):
        assert words in text
    assert len(text.splitlines()) == 6


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_users_alone_are_not_enough(host: str, operator: User, settings: Settings) -> None:
    settings.EXPOSURE = Exposure.of({"LIVEBURST_ALLOWED_HOSTS": "lab.example.com"})
    assert len(message("--host", host).splitlines()) == 3
    assert "connections are not encrypted" in message("--host", host)


def test_a_viewer_is_no_operator(operator: User, settings: Settings) -> None:
    settings.EXPOSURE = Exposure.of(PROXY)
    User.objects.update(role=Role.VIEWER)
    assert "no user may operate it" in message()


def test_a_short_key_signs_no_sessions(
    operator: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXPOSURE = Exposure.of(PROXY)
    (tmp_path / "key").write_text("short")
    monkeypatch.setenv("LIVEBURST_HOME", str(tmp_path))
    text = message()
    assert "has 5 characters, expected at least 50" in text
    assert "doctor --set-aside key" in text


def test_a_certificate_that_cannot_be_used_is_named(
    operator: User, settings: Settings, tmp_path: Path
) -> None:
    certificate = Certificate(tmp_path)
    other = tmp_path / "other.pem"
    other.write_text("nothing")
    for pair in ((certificate.file, tmp_path / "none"), (other, other), (certificate.file, other)):
        settings.EXPOSURE = Exposure(hosts=("lab.example.com",), certificate=pair[0], key=pair[1])
        text = message("--host", "0.0.0.0")
        assert "certificate: " in text
        assert len(text.splitlines()) == 3


@pytest.mark.django_db
def test_a_path_is_for_a_dashboard_behind_a_proxy(settings: Settings) -> None:
    settings.EXPOSURE = Exposure.of({"LIVEBURST_PATH_PREFIX": "/liveburst"})
    assert "LIVEBURST_TRUSTED_PROXY" in message()


@pytest.mark.django_db
def test_a_variable_that_cannot_be_used_is_named(settings: Settings) -> None:
    settings.EXPOSURE = Exposure.of({**PROXY, "LIVEBURST_ALLOWED_HOSTS": "*"})
    assert "found '*'" in message()


@pytest.mark.parametrize(
    "variables",
    [
        PROXY,
        {**PROXY, "LIVEBURST_PATH_PREFIX": "/liveburst"},
        {"LIVEBURST_TLS_CERTIFICATE": "c.pem", "LIVEBURST_ALLOWED_HOSTS": "lab.example.com"},
    ],
    ids=["proxy", "path", "certificate"],
)
def test_djangos_own_check_of_a_deployment_is_clean(
    variables: dict[str, str], tmp_path: Path
) -> None:
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "LIVEBURST_HOME": str(tmp_path), **variables}
        | {"DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout + checked.stderr
