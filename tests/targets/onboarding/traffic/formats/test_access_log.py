"""Access logs: their formats, what is no entry, gzip, and lines that are no request."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.targets.onboarding.traffic.formats import sources
from dashboard.targets.onboarding.traffic.formats.access_log import AccessLog, epoch_s, parse_entry
from dashboard.targets.onboarding.traffic.formats.logged_request import InvalidTraffic
from tests.properties import examples
from tests.targets.onboarding.traffic.files import counts, entry, log, read

AT = "30/Nov/2026:11:00:01 +0100"
ENTRIES = {
    "nginx, combined": f'2001:db8::1 - - [{AT}] "GET /a/?q=1 HTTP/2.0" 200 5 "-" "curl/8"',
    "Apache, common": f'h.example - - [{AT}] "GET /a/?q=1 HTTP/1.1" 200 -',
    "Apache, with virtual host": f'shop.example:443 h - - [{AT}] "GET /a/?q=1 HTTP/1.1" 200 5',
    "gunicorn": f'127.0.0.1 - - [{AT}] "GET /a/?q=1 HTTP/1.1" 200 5 "-" "curl/8"',
    "more than combined": f'h - - [{AT}] "GET /a/?q=1 HTTP/1.1" 200 5 "-" "-" "10.0.0.1" rt=0.012',
    "daphne, without a zone": '127.0.0.1:5 - - [30/Nov/2026:10:00:01] "GET /a/?q=1 HTTP/1.1" 200 5',
    "an absolute address": f'h - - [{AT}] "GET http://shop.example/a/?q=1 HTTP/1.1" 200 5',
}


@pytest.mark.parametrize("line", ENTRIES.values(), ids=list(ENTRIES))
def test_formats(line: str) -> None:
    request = parse_entry(line)
    assert request is not None
    assert (request.method, request.target, request.status) == ("GET", "/a/?q=1", 200)
    assert request.at_s == datetime(2026, 11, 30, 10, 0, 1, tzinfo=UTC).timestamp()
    assert request.withheld == ()


@pytest.mark.parametrize(
    ("request_text", "target"),
    [
        (r"GET /a\x22b HTTP/1.1", "/a%22b"),  # nginx
        (r"GET /a\"b HTTP/1.1", "/a%22b"),  # Apache
        (r"GET /a\\b HTTP/1.1", "/a%5Cb"),
        (r"GET /caf\xC3\xA9/ HTTP/1.1", "/caf%C3%A9/"),
        ("GET /a b HTTP/1.1", "/a%20b"),
        (r"\x16\x03\x01\x02", ""),  # TLS at a port without it
        ("-", ""),
        ("CONNECT shop.example:443 HTTP/1.1", ""),
        ("GET http://[ HTTP/1.1", ""),
    ],
)
def test_request_lines(request_text: str, target: str) -> None:
    request = parse_entry(f'h - - [{AT}] "{request_text}" 400 0 "-" "-"')
    assert request is not None
    assert request.target == target


def test_a_users_name_is_authorization_that_is_left_out(tmp_path: Path) -> None:
    traffic = read(log(tmp_path, entry("/a/", user="ann smith"), entry("/a/")))
    assert traffic.left_out == ("Left out of 1 request: authorization.",)


@pytest.mark.parametrize("text", ["31/Feb/2026:10:00:00 +0000", "30/Foo/2026:10:00:00 +0000"])
def test_an_instant_that_does_not_exist_is_no_entry(text: str) -> None:
    assert parse_entry(f'h - - [{text}] "GET / HTTP/1.1" 200 5') is None


@given(moment=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)), zone=st.integers(-56, 56))
@examples(100)
def test_any_instant_is_read_as_datetime_reads_it(moment: datetime, zone: int) -> None:
    sign, minutes = "-" if zone < 0 else "+", abs(zone) * 15
    text = moment.strftime(f"%d/%b/%Y:%H:%M:%S {sign}{minutes // 60:02}{minutes % 60:02}")
    assert epoch_s(text) == datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()


@given(line=st.text(max_size=80) | st.from_regex(r'.* \[.{0,30}\] ".*" \d{3} .*', fullmatch=True))
@examples(100)
def test_any_line_is_an_entry_or_none(line: str) -> None:
    request = parse_entry(line)
    assert request is None or request.target == "" or request.target.startswith("/")


def test_a_file_of_something_else_is_refused_with_its_first_line() -> None:
    lines = iter(["\n", "password=hunter2hunter2\n", *["nonsense\n"] * 100_000])
    with pytest.raises(InvalidTraffic) as refused:
        list(AccessLog("notes.txt", lines))
    assert str(refused.value) == (
        "notes.txt, line 2: expected an access log (combined or common format), a HAR file or an"
        " OpenAPI description, found 'password=[redacted]'"
    )
    assert next(lines) == "nonsense\n"  # the rest was not read


def test_a_few_lines_without_an_entry_are_noted(tmp_path: Path) -> None:
    lines = [entry("/a/")] * 200
    lines[16] = lines[16][:40]  # cut off where the log was rotated
    traffic = read(log(tmp_path, *lines))
    assert traffic.left_out == ("Left out: 1 line without an entry, the first is line 17.",)
    assert counts(traffic) == {"GET /a/": 199}
    with pytest.raises(InvalidTraffic, match=r"^access\.log, line 2: expected an access log"):
        read(log(tmp_path, *[entry("/a/"), "x"] * 50))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTraffic, match="found an empty file"):
        read(log(tmp_path))


def test_gzip_is_read_as_it_is_and_refused_if_it_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "access.log.2.gz"
    data = gzip.compress("\n".join(entry(f"/a/{n}/") for n in range(9_000)).encode())
    path.write_bytes(data)
    assert counts(read(path)) == {"GET /a/{a}/": 9_000}
    path.write_bytes(data[:-500])
    with pytest.raises(InvalidTraffic, match="expected a file that can be read, found: "):
        read(path)


def test_a_file_that_is_not_there_and_a_directory_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.log", tmp_path):
        with pytest.raises(InvalidTraffic, match="expected a file that can be read, found: "):
            read(path)


def test_a_line_without_an_end_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_LINE_BYTES", 500)
    long = entry("/a/?q=" + "x" * 5_000)
    traffic = read(log(tmp_path, entry("/a/"), long, entry("/a/")))
    assert counts(traffic) == {"GET /a/": 2}
    assert traffic.left_out == ("Left out: 1 line without an entry, the first is line 2.",)
