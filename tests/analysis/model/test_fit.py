"""How well predictions agree with measurements."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.model.fit import model_fit, rank_agreement


def test_the_median_error_is_without_its_sign() -> None:
    fit = model_fit([(110.0, 100.0), (80.0, 100.0), (105.0, 100.0)])
    assert fit is not None
    assert fit.lanes == 3
    assert fit.median_error == pytest.approx(0.1)
    assert model_fit([]) is None


def test_the_ranks_of_few_or_equal_values_are_unknown() -> None:
    assert rank_agreement([(1.0, 2.0)]) is None
    assert rank_agreement([(1.0, 2.0), (1.0, 3.0)]) is None
    assert rank_agreement([(1.0, 2.0), (2.0, 3.0)]) == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=30))
def test_ranks_agree_as_scipy_finds(pairs: list[tuple[int, int]]) -> None:
    from scipy.stats import kendalltau  # each worker imports this module, and it takes 0.5 s

    theirs = float(kendalltau(*zip(*pairs, strict=True)).statistic)
    ours = rank_agreement([(float(first), float(second)) for first, second in pairs])
    if isfinite(theirs):
        assert ours == pytest.approx(theirs)
    else:
        assert ours is None
