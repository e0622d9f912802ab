"""Values that programs stumble over, and strategies that make more of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

DEEP = 2_000  # levels: beyond what a recursive reader can take
ODD_TEXTS = (
    "", " ", "\0", "\n", "\r\n", "\t", "a\0b", "\x1b[31m", "\ufeff", "\u202e", "💥", "é" * 200,
    "null", "true", "NaN", "Infinity", "-Infinity", "1e999", "-0", "0x10", "1_000", "٣", "½",
    "-1", "0", "1.5", str(2**31), str(2**63), str(10**30), "9" * 5_000, "%", "%s", "%00", "%ff",
    "{", "}", "{0}", "{a.b}", "{a!r}", "{{", "[[[", "..", "../../etc/passwd", "/dev/zero",
    "http://[::1", "file:///etc/passwd", "' OR 1=1 --", '"', "<script>", "${HOME}", "$(id)",
    "`id`", "=1+1", "x" * 10_000, "sync@", "@", "sync@daphne:threads=", "sync@daphne#", "sync@@x",
)  # fmt: skip

odd_texts = st.sampled_from(ODD_TEXTS)
texts = odd_texts | st.text(max_size=30) | st.text(alphabet="@:#=<>/.,-{}[]&?% a0", max_size=20)
odd_numbers: st.SearchStrategy[Any] = st.one_of(
    st.integers(), st.floats(), st.sampled_from([2**31, 2**63, -(2**63), 10**400, 1e308, -0.0])
)
scalars: st.SearchStrategy[Any] = st.none() | st.booleans() | odd_numbers | texts
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


def _nested(opening: str, levels: int, closing: str) -> str:
    return opening * levels + closing * levels


deep_json = st.builds(
    _nested,
    st.sampled_from(["[", '{"a":', '{"watch":', "[[", '[{"seen":']),
    st.integers(10, DEEP),
    st.sampled_from(["]", "}", ""]),
)
json_texts = json_values.map(json.dumps) | deep_json | texts
octets = st.binary(max_size=200) | json_texts.map(lambda text: text.encode("utf-8", "replace"))
