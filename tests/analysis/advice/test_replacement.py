"""The line that blocks the event loop, and the line that does not."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.advice.replacement import replacement
from dashboard.wire.report.where import LineEvidence


def line(leaf: str) -> LineEvidence:
    return {
        "path": "shop/views.py",
        "line": 42,
        "function": "report",
        "leaf": leaf,
        "state": "holding",
        "share": 0.8,
        "ms": 100.0,
    }


@pytest.mark.parametrize(
    ("source", "leaf", "expected"),
    [
        ("    time.sleep(delay)\n", "time.sleep", "await asyncio.sleep(delay)"),
        (
            "answer = requests.get(url, timeout=3).json()",
            "requests.get",
            "answer = (await client.get(url, timeout=3)).json()",
        ),
        (
            "return JsonResponse({'é': requests.get(url).text})",
            "requests.get",
            "return JsonResponse({'é': (await client.get(url)).text})",
        ),
        (
            "product = Product.objects.filter(a=1).get(id=id)",
            "sqlite3.execute",
            "product = await Product.objects.filter(a=1).aget(id=id)",
        ),
        ("product.save()", "django.db.models.base.save", "await product.asave()"),
        ("a = json.loads(text)", "json.loads", "a = await asyncio.to_thread(json.loads, text)"),
        ("n = sum(f(x) for x in y)", "sum", "n = await asyncio.to_thread(sum, (f(x) for x in y))"),
        ("with open(path) as file:", "open", "with await asyncio.to_thread(open, path) as file:"),
        ("x = await f(time.sleep(1))", "time.sleep", "x = await f(await asyncio.sleep(1))"),
        ("", "requests.get", "await client.get(…)"),
        ("", "time.sleep", "await asyncio.sleep(…)"),
        ("", "", "await asyncio.to_thread(blocking_call, …)"),
        ("} else (", "zlib.compress", "await asyncio.to_thread(zlib.compress, …)"),
    ],
)
def test_the_replacement_of_a_line(source: str, leaf: str, expected: str) -> None:
    diff = replacement(line(leaf), source)
    assert diff[0] == " shop/views.py:42 report"
    assert diff[-1] == f"+{expected}"
    assert diff[-2].startswith("-")
    if source.strip() and not diff[-2].endswith("(…)"):
        assert diff[-2] == f"-{source.strip()}"
    assert ("AsyncClient" in "".join(diff)) == ("client." in expected)


STATEMENT = re.compile(r"[a-z_.= ]{0,10}[a-z]{1,5}\([a-z, é]{0,8}\)[.a-z]{0,6}")


@given(st.from_regex(STATEMENT, fullmatch=True))
def test_what_was_a_statement_stays_one(source: str) -> None:
    try:
        ast.parse(source.strip())
    except SyntaxError:
        return
    new = replacement(line("x.y"), source)[-1].removeprefix("+").replace("…", "")
    ast.parse(f"async def f():\n {new}")
