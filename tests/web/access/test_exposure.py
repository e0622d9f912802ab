"""How a dashboard is exposed: by which variables, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import get_resolver

from dashboard.web.access.exposure import LOOPBACK, OWN_ADDRESSES, Exposure


def test_without_variables_nothing_is_exposed() -> None:
    exposure = Exposure.of({})
    assert exposure == Exposure()
    assert not exposure.exposed
    assert exposure.allowed_hosts == list(LOOPBACK)


def test_a_trusted_proxy_exposes_the_named_hosts_alone() -> None:
    exposure = Exposure.of(
        {
            "LIVEBURST_TRUSTED_PROXY": "127.0.0.1, 10.1.0.0/16",
            "LIVEBURST_ALLOWED_HOSTS": "Lab.example.com,.team.example",
            "LIVEBURST_PATH_PREFIX": "/liveburst/",
        }
    )
    assert exposure.exposed
    assert not exposure.problems
    assert exposure.prefix == "/liveburst"
    assert exposure.allowed_hosts == ["lab.example.com", ".team.example"]
    trusted = ["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "10.2.0.1", "::1", "x", ""]
    assert [exposure.trusts(address) for address in trusted] == [True] * 3 + [False] * 4


def test_trusted_origins_allow_their_hosts_and_the_name_of_the_upstream() -> None:
    exposure = Exposure.of(
        {
            "LIVEBURST_TRUSTED_PROXY": "127.0.0.1",
            "LIVEBURST_TRUSTED_ORIGINS": "https://lab.example.com:8443, https://b.example:443/",
        }
    )
    assert exposure.origins == ("https://lab.example.com:8443", "https://b.example")
    assert exposure.allowed_hosts == [*LOOPBACK, "lab.example.com", "b.example"]


def test_a_certificate_exposes_too(tmp_path: Path) -> None:
    exposure = Exposure.of({"LIVEBURST_TLS_CERTIFICATE": str(tmp_path / "both.pem")})
    assert exposure.exposed
    assert exposure.key == exposure.certificate == tmp_path / "both.pem"
    assert exposure.allowed_hosts == list(LOOPBACK)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIVEBURST_ALLOWED_HOSTS", "*"),
        ("LIVEBURST_ALLOWED_HOSTS", "lab.example.com:8000"),
        ("LIVEBURST_ALLOWED_HOSTS", "https://lab.example.com"),
        ("LIVEBURST_TRUSTED_ORIGINS", "http://lab.example.com"),
        ("LIVEBURST_TRUSTED_ORIGINS", "https://*.example.com"),
        ("LIVEBURST_TRUSTED_ORIGINS", "https://lab.example.com/path"),
        ("LIVEBURST_TRUSTED_ORIGINS", "https://[::1"),
        ("LIVEBURST_TRUSTED_ORIGINS", "lab.example.com"),
        ("LIVEBURST_TRUSTED_PROXY", "proxy.example.com"),
        ("LIVEBURST_TRUSTED_PROXY", "0.0.0.0/0"),
        ("LIVEBURST_TRUSTED_PROXY", "10.0.0.1/8"),
        ("LIVEBURST_PATH_PREFIX", "liveburst"),
        ("LIVEBURST_PATH_PREFIX", "/../x"),
        ("LIVEBURST_PATH_PREFIX", "//evil.example"),
        ("LIVEBURST_PATH_PREFIX", "/runs"),
        ("LIVEBURST_PATH_PREFIX", "/a\nb"),
    ],
)
def test_what_cannot_be_used_is_a_problem_and_has_no_effect(variable: str, value: str) -> None:
    exposure = Exposure.of({variable: value})
    assert len(exposure.problems) == 1
    assert variable in exposure.problems[0]
    assert repr(value) in exposure.problems[0]
    assert exposure == Exposure(problems=exposure.problems)


def test_no_address_of_ours_can_be_a_prefix() -> None:
    routes = {str(pattern.pattern) for pattern in get_resolver("dashboard.web.urls").url_patterns}
    accounts = get_resolver("dashboard.web.accounts.urls").url_patterns
    routes |= {str(pattern.pattern) for pattern in accounts}
    first = {route.partition("/")[0] for route in routes} - {""}
    assert first | {"static", "ws"} == OWN_ADDRESSES
