"""Recognises secrets by their form: values that were never given to Liveburst by name.

An application that fails prints its settings, its headers and the addresses of its databases.
Each form is an expression, whose group `keep` names what stays in front of the secret. They err
on the side of hiding: a word too many is hidden rather than a password shown. Source lines of a
traceback, `SECRET_KEY = os.environ["SHOP_KEY"]`, stay readable.
"""

from __future__ import annotations

import re
from functools import lru_cache

REDACTED = "[redacted]"

# In logs, JSON inside JSON, Python's repr and escaped HTML.
_QUOTE = r"(?:\\*[\"']|&quot;|&\#x27;|&\#39;)"
_WORD = r"""(?:pass(?:word|wd|phrase)|(?<![a-z])pwd|secret|token
    |(?:api|access|private|signing|encryption|account|auth|session|license)[_-]?key
    |credentials?|session_?id|dsn|jwt|signature|salt|otp)"""
_NAME = rf"""(?<![\w.-])[\w.-]{{0,40}}?{_WORD}
    (?:[_-]?key|_id|_hash|_value|_fallbacks){{0,2}}\d?(?![\w-])"""
# `=`, `:`, `: [`, `%3D`, and the comma of a pair: ('password', '…').
_SEPARATOR = rf"(?:{_QUOTE}?\s*(?:=>|:=|==?|:|%3[Dd])\s*[\[(]?\s*|{_QUOTE}\s*,\s*)"
# An expression, a type or a placeholder of ours is no secret.
_CODE = rf"""(?:\w[\w.]*[\[(]|(?:self|settings|config|request|os|env|data|kwargs|options)\.\w
    |(?:None|True|False|str|int|bool|bytes|float|Any|null|true|false)\b(?![\w.-])
    |\{{(?:env|session):|{re.escape(REDACTED)})"""

# A header: `Authorization: …`, 'HTTP_AUTHORIZATION': '…', (b'authorization', b'…').
_AUTHORIZATION = r"(?<![a-z])(?:proxy[_-])?authorization"
_COOKIE = r"(?<![a-z])(?:set-)?cookies?"
_BEFORE_QUOTED = rf"(?:{_QUOTE}?\s*[:=]\s*|{_QUOTE}\s*,\s*)b?(?P<q>{_QUOTE})"
_QUOTED = r"(?:(?!(?P=q)).)+"

_KIND = r"(?:[A-Z]+[ ])*PRIVATE[ ]KEY-----"
_KEYS = (
    # What is between BEGIN and END, also where the text begins or ends within it.
    rf"-----BEGIN[ ]{_KIND}(?:.*?-----END[ ]{_KIND}|.*)",
    rf"\A[A-Za-z0-9+/=\s]+-----END[ ]{_KIND}",
)
_COOKIES = (rf"{_COOKIE}{_BEFORE_QUOTED}{_QUOTED}", rf"{_COOKIE}\s*[:=]\s*(?=[^\s=]+=)[^\r\n]+")
_NAMED = (
    # NAME = 'value': up to the same quote.
    rf"(?P<keep>{_NAME}{_SEPARATOR}b?(?P<q>{_QUOTE}))(?!{_CODE}){_QUOTED}",
    # NAME=value, and `NAME: value` unless a sentence follows.
    rf"""(?P<keep>{_NAME}{_QUOTE}?\s*(?:=>|:=|==?|%3[Dd])\s*)(?!{_CODE}|{_QUOTE}|b['"]|[\[({{])
    (?:(?!%26|&quot;|&amp;)[^\s&;,"'\\)\]}}<])+""",
    rf"""(?P<keep>{_NAME}{_QUOTE}?:\s*)(?!{_CODE}|{_QUOTE}|b['"]|[\[({{]|//)
    (?:(?=[^\s,;]*[\d!-+\-./:=?@^_~])[^\s&;,"')\]}}<]+|[^\s&;,"'\\)\]}}<]+(?=\s*$))""",
)
_FORMS = (
    # scheme://user:password@host, where the password may contain what should be escaped.
    r"""(?P<keep>\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@'"]{0,100}:)
    (?!\d{1,5}(?:[/?\#\s'"]|$)|\{(?:env|session):)[^\s'"<>]+(?=@)""",
    r"""(?P<keep>\b[a-z][a-z0-9+.-]{0,20}://)[^\s:/@'"]{16,}(?=@)""",
    rf"(?P<keep>{_AUTHORIZATION}{_BEFORE_QUOTED})(?!(?:\w+\s+)?{_CODE}){_QUOTED}",
    rf"""(?P<keep>{_AUTHORIZATION}\s*[:=]\s*)
    (?!(?:\w+\s+)?{_CODE}|{_QUOTE}|b['"])[^\s][^\r\n]*""",
    r"(?P<keep>\b(?:Bearer|Basic|Digest|Token)[ ]+)(?=\S*[\d=+/_])[A-Za-z0-9+/=._~-]{8,}",
    rf"(?P<keep>\b(?:sessionid|csrftoken|csrfmiddlewaretoken)=)(?!{_CODE})[^\s;,&\"']+",
    r"""(?P<keep>(?<!\S)--?(?:[\w-]{0,40}?(?:password|passwd|token|secret|api-key))[ ])
    (?!-)\S+""",
    # Tokens that name their issuer.
    r"\b(?:A(?:KIA|SIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})",
    r"\b(?:xox[abeoprs]-[\w-]{10,}|[rs]k_(?:live|test)_\w{8,}|sk-[\w-]{20,}|AIza[\w-]{30,})",
    r"\b(?:pypi-[\w-]{16,}|npm_\w{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|django-insecure-[^\s'\"]+)",
)
_FLAGS = re.VERBOSE | re.IGNORECASE | re.MULTILINE
_KEY_PATTERNS = [re.compile(form, re.VERBOSE | re.DOTALL) for form in _KEYS]
_COOKIE_PATTERNS = [re.compile(form, _FLAGS) for form in _COOKIES]
_PATTERNS = [re.compile(form, _FLAGS) for form in _FORMS]
_NAMED_PATTERNS = [re.compile(form, _FLAGS) for form in _NAMED]
_PASSWORD = _PATTERNS[0]
_SECRET_WORD = re.compile(_WORD, _FLAGS)
_COOKIE_VALUE = re.compile(r"""=(?!\{(?:env|session):)[^\s;,"'\\&]+""")
_SECRET_NAME = re.compile(_NAME + r"\Z", re.VERBOSE | re.IGNORECASE)


@lru_cache(maxsize=1024)  # the spans of an X-ray have few names, ten thousand times
def redacted(text: str) -> str:
    """Return a text with everything in it that has the form of a secret replaced."""
    for pattern in _COOKIE_PATTERNS:
        text = pattern.sub(lambda match: _COOKIE_VALUE.sub(f"={REDACTED}", match[0]), text)
    # Without any such word, which is quickly found, the slowest expressions are not needed.
    named = _NAMED_PATTERNS if _SECRET_WORD.search(text) else []
    for pattern in (*_KEY_PATTERNS, *_PATTERNS, *named):
        text = pattern.sub(_replacement, text)
    return text


def is_secret_name(name: str) -> bool:
    """Return whether the value of this setting, variable or key is a secret by its name."""
    return bool(_SECRET_NAME.match(name))


def password_in(address: str) -> str:
    """Return the password in an address, `scheme://user:password@host`; empty without one."""
    match = _PASSWORD.search(address)
    return match[0][len(match["keep"]) :] if match else ""


def _replacement(match: re.Match[str]) -> str:
    return (match.groupdict().get("keep") or "") + REDACTED
