"""Rows of a CSV file: each request takes the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.errors import InvalidManifest

LAB = """
[project]
name = "shop"
wsgi = "shop:wsgi"
[scenario.look]
title = "Looking things up"
lanes = ["sync@gunicorn-sync"]
rows = "products.csv"
parameters.pages = { default = 2, min = 1, max = 9 }
[scenario.look.variant.sync]
family = "sync"
path = "/{id}/{name}/?pages={pages}"
method = "POST"
body = '{"id": {id}, "tags": {}}'
"""


def lab(directory: Path, rows: str | bytes, text: str = LAB) -> Path:
    data = rows.encode() if isinstance(rows, str) else rows
    (directory / "products.csv").write_bytes(data)
    (directory / "lab.toml").write_text(text)
    return directory / "lab.toml"


def test_each_row_makes_a_path_and_a_body(tmp_path: Path) -> None:
    path = lab(tmp_path, "id,name\n7,green tea\n8,a/b&c=é\n")
    variant = load_manifest(path).scenarios["look"].variants["sync"]
    assert variant.request_mode({"pages": 3.0}).rows == (
        ("/7/green%20tea/?pages=3", '{"id": 7, "tags": {}}'),
        ("/8/a%2Fb%26c%3D%C3%A9/?pages=3", '{"id": 8, "tags": {}}'),
    )
    assert variant.url_path({"pages": 2.0}) == "/7/green%20tea/?pages=2"


def test_a_file_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = lab(tmp_path, b'\xef\xbb\xbfid,name\r\n7,"tea, green"\r\n')
    variant = load_manifest(path).scenarios["look"].variants["sync"]
    assert variant.url_path({"pages": 2.0}) == "/7/tea%2C%20green/?pages=2"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "expected a head and 1 to 10,000 rows, found 0"),
        ("id,name\n", "expected a head and 1 to 10,000 rows, found 0"),
        ("id,name\n" + "1,tea\n" * 10_001, "found 10,001"),
        ("id,name\n1\n", "line 2: expected 2 values"),
        ("id,name\n1,tea\n1,tea,green\n", "line 3: expected 2 values"),
        ("id,a name\n1,tea\n", "expected names of columns in the first line, found 'a name'"),
        ("id,pages\n1,2\n", "expected columns that are no parameters, found 'pages'"),
        (b"id,name\n1,\xff\n", "expected a CSV file in UTF-8"),
        ('id,name\n1,"tea\n', "expected a CSV file"),
    ],
)
def test_a_bad_file_is_refused_by_its_key(tmp_path: Path, rows: str | bytes, expected: str) -> None:
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(lab(tmp_path, rows))
    assert "lab.toml: scenario.look.rows: " in str(refused.value)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"products.csv"', '"nowhere.csv"', "scenario.look.rows: expected a CSV file"),
        ("{name}/", "{colour}/", "path: expected only parameters in braces (pages, id, name)"),
        ('method = "POST"', 'method = "POST"\nchunks = true', "and none beside rows"),
    ],
)
def test_paths_and_modes_that_do_not_fit_rows_are_refused(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = lab(tmp_path, "id,name\n1,tea\n", LAB.replace(old, new, 1))
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(path)
    assert expected in str(refused.value)
