"""A project gets few variables of the environment; a report names those that were withheld."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.targets.preparation.ignored_settings import hints_on_withheld_variables
from dashboard.targets.supervise.environment import hint_on_withheld, tool_environment
from dashboard.wire.errors import TargetFailed
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.small_projects import SMALL

PASSWORD = "zebra-of-production"
ADDRESS = f"postgres://shop:{PASSWORD}@db.example/shop"


@pytest.mark.parametrize(
    "printed",
    [
        "KeyError: 'SHOP_DATABASE_URL'",
        "ImproperlyConfigured: Set the SHOP_DATABASE_URL environment variable",
        "decouple.UndefinedValueError: SHOP_DATABASE_URL not found. Declare it as envvar or",
        'environs.EnvError: Environment variable "SHOP_DATABASE_URL" not set',
        "1 validation error for Settings\nshop_database_url\n  Field required [type=missing]",
    ],
)
def test_the_variable_that_was_missed_is_named(
    monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    monkeypatch.setenv("SHOP_DATABASE_URL", ADDRESS)
    hint = hint_on_withheld(printed, {"PATH": "/bin"})
    assert "SHOP_DATABASE_URL is set in Liveburst's environment, but not passed on" in hint
    assert "add it to project.inherit_env" in hint
    assert hint_on_withheld(printed, tool_environment({})) == ""
    assert hint_on_withheld("KeyError: 'SHOP_DATABASE_URL_2'", {}) == ""


LAB = SMALL["lab.toml"]
FAILING = "import os; ADDRESS = os.environ['SHOP_DATABASE_URL']\n"


@pytest.mark.servers
async def test_a_project_starts_once_its_variable_is_inherited(
    tmp_path: Path, make_targets: MakeTargets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it prints of the variable is masked, and what its settings miss is a warning."""
    monkeypatch.setenv("SHOP_DATABASE_URL", ADDRESS)
    monkeypatch.setenv("SHOP_API_TOKEN", "giraffe-1234")
    begin = ADDRESS.index(PASSWORD)
    part = f"ADDRESS[{begin}:{begin + len(PASSWORD)}]"
    more = f"print('connecting to', ADDRESS, {part}, flush=True)\n"
    settings = "import os; TOKEN = os.environ.get('SHOP_API_TOKEN')\n"
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "small.py").write_text(FAILING + more + SMALL["small.py"])
    (tmp_path / "small_settings.py").write_text(settings + SMALL["small_settings.py"])
    targets = make_targets(tmp_path / "lab.toml")
    with pytest.raises(TargetFailed, match=r"; SHOP_DATABASE_URL is set .*inherit_env") as failed:
        await targets.ready("gunicorn-sync", ignore)
    assert "KeyError: 'SHOP_DATABASE_URL'" in failed.value.log_tail
    lab = LAB.replace("env = {", 'inherit_env = ["SHOP_DATABASE_*"]\nenv = {')
    (tmp_path / "lab.toml").write_text(lab)
    target = await targets.ready("gunicorn-sync", ignore)
    shown = "postgres://shop:{env:SHOP_DATABASE_URL}@db.example/shop {env:SHOP_DATABASE_URL}"
    assert f"connecting to {shown}\n" in f"{target.log_tail()}\n"
    assert PASSWORD not in target.log_tail()
    (hint,) = hints_on_withheld_variables(target.facts)
    assert hint.startswith("SHOP_API_TOKEN was not passed on, although the settings name it.")
