"""HAR files: read entry by entry, secrets and bodies left out, bad entries named by their line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.targets.onboarding.traffic.formats import har as har_module
from dashboard.targets.onboarding.traffic.formats.har import Har
from dashboard.targets.onboarding.traffic.formats.logged_request import InvalidTraffic
from dashboard.targets.onboarding.traffic.selection import Choice
from tests.properties import examples
from tests.targets.onboarding.traffic.files import counts, har, read, recorded

SHOP = "https://shop.example"
SECRETS: dict[str, Any] = {
    "headers": [
        {"name": "Cookie", "value": "sessionid=s3cr3t-s3cr3t"},
        {"name": "Authorization", "value": "Bearer s3cr3t-s3cr3t"},
        {"name": "X-CSRFToken", "value": "s3cr3t-s3cr3t"},
    ],
    "cookies": [{"name": "sessionid", "value": "s3cr3t-s3cr3t"}],
}


def posted(text: str) -> dict[str, Any]:
    data = {"mimeType": "application/json", "text": text}
    return recorded(f"{SHOP}/order/", method="POST", postData=data)


def test_requests_of_the_most_requested_host_are_taken_in(tmp_path: Path) -> None:
    pages = [recorded(f"{SHOP}/product/{number}/") for number in (1, 2, 2)]
    other = [recorded("https://cdn.example/lib/"), recorded("data:text/plain,x")]
    traffic = read(har(tmp_path, *pages, *other))
    assert counts(traffic) == {"GET /product/{product}/": 3}
    assert traffic.views[0].rows == (("1",), ("2",), ("2",))
    assert sorted(traffic.left_out) == [
        "Left out: 1 request: no HTTP request of a path.",
        "Left out: 1 request: to another host, cdn.example.",
    ]
    assert sum(traffic.minutes.values()) == 3


def test_secrets_are_left_out_and_the_draft_says_so(tmp_path: Path) -> None:
    url = f"{SHOP}/search/?q=lamp&access_token=s3cr3t-s3cr3t"
    traffic = read(har(tmp_path, recorded(url, **SECRETS)))
    assert counts(traffic) == {"GET /search/?q={q}": 1}
    assert set(traffic.left_out) == {
        "Left out of 1 request: cookies.",
        "Left out of 1 request: authorization.",
        "Left out of 1 request: tokens in headers.",
        "Left out of 1 request: the field 'access_token' of its query, a secret by its name or"
        " form.",
    }
    assert "s3cr3t" not in repr(traffic)


def test_what_writes_and_bodies_are_left_out_unless_named(tmp_path: Path) -> None:
    path = har(tmp_path, posted('{"id": 1}'), posted('{"id": 2}'))
    assert read(path).views == ()
    assert read(path).left_out == (
        "Left out: 2 requests: POST writes (--method POST takes it in).",
    )
    without = read(path, Choice({"POST"}))
    assert without.views[0].body == ""
    assert without.left_out == (
        "Left out of 2 requests: its body (--bodies takes in those of a HAR file).",
    )
    (view,) = read(path, Choice({"POST"}, bodies=True)).views
    assert (view.body, view.columns, view.rows) == (
        "{body}",
        ("body",),
        (('{"id": 1}',), ('{"id": 2}',)),
    )
    assert view.content_type == "application/json"


def test_a_file_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har_module, "CHUNK", 7)
    entries = [recorded(f"{SHOP}/a/{number}/") for number in range(30)]
    entries[3]["response"]["content"]["text"] = "x" * 5_000
    assert counts(read(har(tmp_path, *entries))) == {"GET /a/{a}/": 30}


@given(chunk=st.integers(1, 400), texts=st.lists(st.text(max_size=30), max_size=5))
@examples(50)
def test_any_text_in_any_pieces_is_read(chunk: int, texts: list[str]) -> None:
    entries = [recorded(f"{SHOP}/a/", comment=text) for text in texts]
    data = {"log": {"comment": '"entries": [', "entries": entries, "pages": []}}
    before, har_module.CHUNK = har_module.CHUNK, chunk
    try:
        requests = list(Har("x.har", io.StringIO(json.dumps(data, indent=1))))
    finally:
        har_module.CHUNK = before
    assert [request.target for request in requests] == ["/a/"] * len(texts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("startedDateTime", "startedAt"), "line 8: expected an entry of a HAR file, found: sta"),
        (('"GET"', "5"), "line 8: expected an entry of a HAR file, found: request.method: "),
        (("https://shop.example", "https://["), "line 8: expected request.url to be a URL"),
        (('"time": 12.5', '"time": 12.5.'), "line 10: expected JSON, found: "),
        (('"entries"', '"entrys"'), "expected the entries of a HAR file, found none"),
        (("\n    ]\n  }\n}", ""), "expected the next entry, found the end"),
        (("2026-11-30T10:00:00.250Z", "2026-11-30"), "line 8: expected an entry of a HAR file"),
    ],
)
def test_bad_files_are_refused_with_the_line(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    path = har(tmp_path, recorded(f"{SHOP}/a/"))
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(InvalidTraffic) as refused:
        read(path)
    assert message in str(refused.value)
    assert str(refused.value).startswith("shop.har")


def test_other_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text('{"requests": []}')
    with pytest.raises(InvalidTraffic, match=r"^data\.json, line 1: expected .*found other JSON"):
        read(path)


def test_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.har"
    path.write_text('{"log": {"entries": [' + '{"a":' * 100_000)
    with pytest.raises(InvalidTraffic, match="expected"):
        read(path)
