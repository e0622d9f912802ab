"""No cell of an exported table is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from dashboard.runs.reports.csv_lines import csv_lines


@pytest.mark.parametrize(
    "formula",
    [
        *("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", "\t=1", "\r=1", "\n=1", "＝1+1"),
        *('=HYPERLINK("http://x","y")', "=", "-", "+", "--1", "-1.5.2", "-1e", "+1 2", "-٣"),
    ],
)
def test_a_text_that_begins_like_a_formula_is_quoted(formula: str) -> None:
    """The apostrophe makes it text; what follows it is unchanged."""
    assert list(csv.reader(io.StringIO(csv_lines([[formula]]), newline=""))) == [[f"'{formula}"]]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *((-1.5, "-1.5"), (-3, "-3"), (None, ""), (True, "True"), (1e-07, "1e-07")),
        *(("-1.500000", "-1.500000"), ("+4", "+4"), ("-.5e-3", "-.5e-3"), ("-2.", "-2.")),
        *(("sync@daphne", "sync@daphne"), ("a=b", "a=b"), (" =1", " =1"), ("", "")),
    ],
)
def test_numbers_and_other_texts_are_unchanged(value: object, cell: str) -> None:
    assert csv_lines([[value, "x"]]) == f"{cell},x\r\n"
