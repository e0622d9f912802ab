"""The kinds of values in a lab.toml, each with the words for what is expected there."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from dashboard.project.model import scenario
from dashboard.wire.plan.exchange import (
    ANSWER,
    ANSWER_EXPECTED,
    MOST_CHARACTERS,
    MOST_OPENING,
    STEP_EXPECTED,
)
from dashboard.wire.plan.fields import PLAN_FIELDS
from dashboard.wire.plan.request_mode import MAX_UPLOAD_BYTES
from dashboard.wire.units import BYTES_PER_MB

EXPECTED, SECRET = "expected", "secret"  # types of errors; a secret value is never shown
MAX_UPLOAD_MB = MAX_UPLOAD_BYTES / BYTES_PER_MB
MIN_POLL_MS, MAX_POLL_MS = 1, 60_000
MAX_AT_A_TIME = 10_000
MIN_START_S, MAX_START_S = 1, 3600
MAX_LEVELS = 100
MAX_WEIGHT = 1_000_000_000  # of a view in a mix, such as its number of requests


class Expected:
    """Describe what a value must be; replaces the messages of the validator.

    `limits` are those of pydantic's core schemas: `ge`, `pattern`, `min_length`, …
    """

    def __init__(self, words: str, *, secret: bool = False, **limits: Any) -> None:
        self.words, self.limits = words, limits
        self.error_type = SECRET if secret else EXPECTED

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the schema so that all errors inside become one error with our words."""
        return core_schema.custom_error_schema(
            {**handler(source), **self.limits},
            custom_error_type=self.error_type,
            custom_error_message="{words}",
            custom_error_context={"words": self.words},
        )


def matching(pattern: str, words: str, *, secret: bool = False) -> Expected:
    """Expect a text that matches the pattern as a whole."""
    return Expected(words, secret=secret, pattern=f"^(?:{pattern})$")


def whole(low: int, high: int) -> Expected:
    """Expect a whole number within bounds."""
    return Expected(f"a whole number from {low} to {high}", ge=low, le=high)


def number(low: float, high: float) -> Expected:
    """Expect a number within bounds."""
    return Expected(f"a number from {low:g} to {high:g}", ge=low, le=high)


def plan_number(name: str) -> Expected:
    """Expect a number of a plan within its bounds."""
    field = PLAN_FIELDS[name]
    if field.above_low:
        return Expected(f"a number {field.bounds()}", gt=field.low, le=field.high)
    if field.kind is int:
        return whole(int(field.low), int(field.high))
    return number(field.low, field.high)


def sequence(words: str, **limits: Any) -> Expected:
    """Expect a list, which becomes a tuple: strictly, a tuple would take no list."""
    return Expected(words, strict=False, **limits)


def printable(text: str) -> str:
    """Refuse a text with control characters."""
    if not text.isprintable():
        raise ValueError
    return text


_IMPORT = r"[A-Za-z_][\w.]*"
_TCHAR = r"[-!#$%&'*+.^_`|~0-9A-Za-z]"  # RFC 9110
_COOKIE_OCTET = r"[!#-+\--:<-\[\]-~]"  # RFC 6265: no space, quote, comma, semicolon or backslash

Flag = Annotated[bool, Expected("true or false")]
Number = Annotated[float, Expected("a number")]
Numbers = Annotated[tuple[Number, ...], sequence("a list of numbers")]
Requests = Annotated[int, plan_number("requests")]
Concurrency = Annotated[int, plan_number("concurrency")]
Rounds = Annotated[int, plan_number("rounds")]
Rate = Annotated[float, plan_number("rate")]
Duration = Annotated[float, plan_number("duration")]
SendKbPerS = Annotated[float, plan_number("send_kb_per_s")]
EveryS = Annotated[float, plan_number("every")]
PollMs = Annotated[float, number(MIN_POLL_MS, MAX_POLL_MS)]
StartTimeout = Annotated[float, number(MIN_START_S, MAX_START_S)]
AtATime = Annotated[int, whole(1, MAX_AT_A_TIME)]
Levels = Annotated[int, whole(2, MAX_LEVELS)]

Text = Annotated[str, matching(r"[^\n\x00]+", "a text")]
Line = Annotated[str, matching(r"[^\n]*", "a text on one line")]
Body = Annotated[str, Expected("a text")]
_Word = Annotated[str, matching(r"[^\x00]*", "a text")]
Texts = Annotated[tuple[_Word, ...], sequence("a list of texts", min_length=1)]
Commands = Annotated[tuple[Texts, ...], sequence("a list of commands, each a list of texts")]
_Pair = Annotated[list[str], Expected("a pair", min_length=2, max_length=2)]
Pairs = Annotated[
    tuple[_Pair, ...], sequence("a list of [LANE, 'METRIC OPERATOR NUMBER'] pairs", min_length=1)
]

Name = Annotated[str, matching("[A-Za-z0-9][A-Za-z0-9_-]*", "a name of letters, digits, - and _")]
Import = Annotated[str, matching(f"{_IMPORT}:{_IMPORT}", "an import, like 'package.module:name'")]
Module = Annotated[str, matching(_IMPORT, "a module")]
UrlPath = Annotated[str, matching("/[!-~]*", "a path that begins with /")]
Url = Annotated[str, matching(r"https?://[^/?#@\s]+/?", "an address like 'http://127.0.0.1:8001'")]
# A revision that begins with a dash would be an option.
Revision = Annotated[str, matching(r"[^-\s]\S*", "a revision of git")]
Span = Annotated[str, matching(r"\w+=[\d.]+\.\.[\d.]+", "NAME=LOW..HIGH")]
FormField = Annotated[str, matching(r"[\w-]+", "the name of a form's field")]
Megabytes = Annotated[
    Annotated[float, Expected("", gt=0, le=MAX_UPLOAD_MB)] | str,
    Expected(f"a number up to {MAX_UPLOAD_MB:g}, or the name of a parameter in braces"),
]
Family = Annotated[scenario.Family, Expected("'sync' or 'async'")]
Interface = Annotated[scenario.Interface, Expected("'asgi' or 'wsgi'")]
Method = Annotated[scenario.Method, Expected("GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")]

Variable = Annotated[str, matching(r"[A-Za-z_]\w*", "the name of an environment variable")]
_EnvName = Annotated[str, matching(r"[^=\x00]+", "a name that an environment can hold")]
_EnvValue = Annotated[str, matching(r"[^\x00]*", "a text that it can hold", secret=True)]
# A password that is written here by mistake must not be shown.
Secret = Annotated[
    str, matching(r"[A-Za-z_]\w*", "the name of an environment variable", secret=True)
]
EnvNames = Annotated[
    tuple[
        Annotated[str, matching(r"[A-Za-z_][\w*]*", "a variable's name, or its beginning and *")],
        ...,
    ],
    sequence("a list of names of environment variables, like 'DATABASE_URL' or 'SHOP_*'"),
]
Environment = dict[_EnvName, _EnvValue]
_Token = Annotated[str, matching(f"{_TCHAR}+", "a name that HTTP can carry")]
_HeaderValue = Annotated[
    str, AfterValidator(printable), Expected("a text that HTTP can carry", secret=True)
]
Headers = dict[_Token, _HeaderValue]
_CookieValue = Annotated[
    str, matching(f"{_COOKIE_OCTET}*", "a text that a cookie can hold", secret=True)
]
Cookies = dict[_Token, _CookieValue]

_ViewName = Annotated[
    str,
    matching(r"[A-Za-z0-9][A-Za-z0-9_-]*\.[A-Za-z0-9][A-Za-z0-9_-]*", "a view, 'SCENARIO.VARIANT'"),
]
_Weight = Annotated[float, Expected(f"a number above 0 to {MAX_WEIGHT:,}", gt=0, le=MAX_WEIGHT)]
Weights = dict[_ViewName, _Weight]

OpeningText = Annotated[
    str, Expected(f"a text of at most {MOST_CHARACTERS:,} characters", max_length=MOST_CHARACTERS)
]
opening = sequence(
    f"a list of 1 to {MOST_OPENING} steps, each {STEP_EXPECTED} with texts of at most"
    f" {MOST_CHARACTERS:,} characters and RULE {ANSWER_EXPECTED}",
    min_length=1,
    max_length=MOST_OPENING,
)
Message = Annotated[
    str,
    Expected(
        f"a text of 1 to {MOST_CHARACTERS:,} characters", min_length=1, max_length=MOST_CHARACTERS
    ),
]
Answer = Annotated[str, matching(ANSWER, ANSWER_EXPECTED)]
