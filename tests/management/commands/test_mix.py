"""`manage.py mix` and `survey --mix`: what they refuse, each with its field."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.management.command import refusal
from tests.runs.experiments.test_mix import SHOP

FEW = ("mix", "monday", "--rate", "50")


@pytest.fixture
def lab(tmp_path: Path) -> str:
    """The path of a lab.toml with a mix."""
    path = tmp_path / "lab.toml"
    path.write_text(SHOP)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mix", "search"), "expected a mix, one of monday, found 'search'"),
        (("mix", "friday"), "expected a mix, one of monday, found 'friday'"),
        (("mix", "monday", "--rate", "0"), "expected above 0 to 10000"),
        (("mix", "monday", "--rate", "nan"), "expected above 0 to 10000"),
        (("mix", "monday", "--duration", "0"), "expected above 0 to 600 s"),
        ((*FEW, "--blocks", "0"), "expected 1 to 40, found 0"),
        ((*FEW, "--blocks", "two"), "invalid int value"),
        ((*FEW, "--lane", "sync@waitress"), "expected a variant, one of mix"),
        ((*FEW, "--lane", "mix@apache"), "expected a server"),
        ((*FEW, "--json", "nowhere/mix.json"), "nowhere"),
        (("survey", "--mix", "search"), "expected a mix, one of monday, found 'search'"),
        (("survey", "--mix", "monday", "--weight", "page=3"), "expected none beside a mix"),
        (("survey", "monday"), "expected search, report, page, found 'monday'"),
    ],
)
def test_bad_usage_names_the_field(
    lab: str, arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = refusal(*arguments, "--project", lab)
    assert words in str(refused)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"search.sync" = 6', '"search.sync" = -6', "mix.monday.weights.search.sync: expected a"),
        ('"search.sync"', '"basket.sync"', "mix.monday.weights.basket.sync: expected a view of"),
        ("[mix.monday]", "[mix.search]", "mix.search: expected a name that no scenario has"),
    ],
)
def test_a_bad_mix_is_refused_with_its_place_by_every_command(
    lab: str, old: str, new: str, words: str
) -> None:
    Path(lab).write_text(SHOP.replace(old, new))
    for command in (("mix", "monday"), ("burst", "search"), ("survey",)):
        assert words in str(refusal(*command, "--project", lab))
