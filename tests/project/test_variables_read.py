"""Which variables settings read is found in their text."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.secrets.variables_read import names_mentioned, variables_read
from tests.targets.small_projects import write_files

SETTINGS = """
import os, environ, dj_database_url
from os import environ, getenv
from decouple import config
env = environ.Env(SHOP_DEBUG=(bool, False))
A = os.environ["SHOP_A"]
B = os.environ.get('SHOP_B', "x")
C = getenv("SHOP_C") or os.getenv( "SHOP_D")
E = env("SHOP_E"), env.str("SHOP_F", default=""), env.list( 'SHOP_G')
H = config("SHOP_H", cast=bool)
I = get_env_value("SHOP_I")
DATABASES = {"default": dj_database_url.config(), "other": env.db()}
CACHES = {"default": env.cache()}
J = {"SHOP_J": 1}
K = configure("NOT_READ")
"""


def test_each_way_to_read_a_variable_is_found(tmp_path: Path) -> None:
    files = {"shop/settings/base.py": SETTINGS, "manage.py": "os.environ['SHOP_M']"}
    write_files(tmp_path, files)
    expected = ["CACHE_URL", "DATABASE_URL", *(f"SHOP_{letter}" for letter in "ABCDEFGHIM")]
    assert variables_read(tmp_path) == expected
    names = ["SHOP_A", "SHOP_J", "SHOP_Z", "DATABASE_URL", "J"]
    assert names_mentioned(tmp_path, names) == ["DATABASE_URL", "SHOP_A", "SHOP_J"]


@pytest.mark.parametrize(
    ("place", "settings"),
    [
        ("config/django/base.py", "config.django.base"),
        ("config/django/base.py", ""),
        ("shop/base.py", "shop.base"),
        ("shop/common.py", "shop.production"),
        ("src/shop/deploy/live.py", "shop.deploy.live"),
    ],
)
def test_the_package_of_the_settings_is_read_whatever_its_name(
    tmp_path: Path, place: str, settings: str
) -> None:
    write_files(tmp_path, {place: SETTINGS})
    assert "SHOP_A" in variables_read(tmp_path, settings)
    assert names_mentioned(tmp_path, ["SHOP_J"], settings) == ["SHOP_J"]


@pytest.mark.parametrize(
    "place",
    [
        *("node_modules/settings.py", ".venv/settings.py", "tests/settings.py"),
        *("shop/views.py", "settings.txt", "lib/site-packages/settings.py"),
    ],
)
def test_other_files_are_not_read(tmp_path: Path, place: str) -> None:
    write_files(tmp_path, {place: SETTINGS})
    assert variables_read(tmp_path) == []
    assert variables_read(tmp_path, "store.base") == []
