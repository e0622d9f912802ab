"""How a lane overrides DATABASES in its own process."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.utils import ConnectionHandler

from .calls import Probe

POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"


def overridden(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, settings: str, **database: Any
) -> dict[str, Any]:
    """Return a database's settings as Django reads them under a lane with these settings."""
    monkeypatch.setenv("LIVEBURST_DATABASES", settings)
    configure = ConnectionHandler.configure_settings
    monkeypatch.setattr(ConnectionHandler, "configure_settings", configure)
    probe.database_settings.override_databases()
    given = {"default": {"ENGINE": POSTGRESQL, "CONN_MAX_AGE": 60, **database}}
    found: dict[str, Any] = ConnectionHandler(given).settings["default"]
    return found


def test_without_settings_nothing_is_overridden(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ConnectionHandler.configure_settings
    found = overridden(probe, monkeypatch, "", OPTIONS={"pool": True})
    assert (found["CONN_MAX_AGE"], found["OPTIONS"]) == (60, {"pool": True})
    assert ConnectionHandler.configure_settings is before
    probe.database_settings.check_databases()


def test_an_age_is_set_and_a_pool_taken_away(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"pool": {"max_size": 9}, "sslmode": "disable"}
    found = overridden(probe, monkeypatch, "conn_max_age=0,pool=off", OPTIONS=options)
    assert (found["CONN_MAX_AGE"], found["OPTIONS"]) == (0, {"sslmode": "disable"})


@pytest.mark.parametrize("present", [None, True, {"max_size": 9, "timeout": 5}])
def test_a_pool_has_the_size_of_the_lane_and_keeps_its_other_options(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, present: Any
) -> None:
    found = overridden(probe, monkeypatch, "pool=4", OPTIONS={"pool": present})
    own = {"timeout": 5} if isinstance(present, dict) else {}
    assert found["OPTIONS"] == {"pool": {**own, "min_size": 4, "max_size": 4}}
    assert found["CONN_MAX_AGE"] == 0  # Django refuses a pool beside any other


def test_a_database_that_cannot_be_pooled_is_left_as_it_is_and_refused(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = overridden(probe, monkeypatch, "pool=4", ENGINE=SQLITE)
    assert (found["CONN_MAX_AGE"], found["OPTIONS"]) == (60, {})
    with pytest.raises(ValueError, match="pool=4: expected a database that Django can pool"):
        probe.database_settings.check_databases()


def test_a_missing_pool_package_is_named(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    overridden(probe, monkeypatch, "pool=4")
    monkeypatch.setattr(
        probe.database_settings.importlib.util, "find_spec", lambda name: name == "psycopg" or None
    )
    with pytest.raises(ValueError, match="expected the package psycopg_pool to be installed"):
        probe.database_settings.check_databases()
