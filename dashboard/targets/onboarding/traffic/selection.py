"""Which requests are taken in, and what is left out of them and of the others, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dashboard.targets.onboarding.traffic.formats.logged_request import LoggedRequest
from dashboard.wire.plural import counted

from .path_shapes import Query, Unusable

READING = frozenset(("GET", "HEAD", "OPTIONS"))
METHODS = (*sorted(READING), "POST", "PUT", "PATCH", "DELETE")  # those that a lab.toml knows
FIRST_ERROR = 400
LONGEST_BODY = 8_000  # characters
MOST_REASONS = 30
_FILES = (
    *(".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp"),
    *(".avif", ".woff", ".woff2", ".ttf", ".eot", ".mp4", ".webm"),
)
_DIRECTORIES = ("/static/", "/media/")


def is_utf8(text: str) -> bool:
    """Return True if a text can be encoded; JSON may contain half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass
class LeftOut:
    """How many requests were left out, by reason, and how many were taken in without a part."""

    requests: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)

    def sentences(self) -> Iterator[str]:
        """Yield what was left out, a sentence each, the most first."""
        for counts, words in ((self.requests, "Left out:"), (self.parts, "Left out of")):
            for reason, number in counts.most_common(MOST_REASONS):
                yield f"{words} {counted(number, 'request')}: {reason}."
            others = counts.most_common()[MOST_REASONS:]
            if others:
                number = sum(count for _, count in others)
                yield f"{words} {counted(number, 'request')}: {len(others)} more reasons."


@dataclass(frozen=True)
class Choice:
    """What the user wants besides the requests that read: methods that write, and bodies."""

    methods: Collection[str] = ()
    bodies: bool = False

    def check(self, request: LoggedRequest, path: str) -> None:
        """Raise Unusable if a request is left out."""
        method = request.method
        if not path:
            raise Unusable("no HTTP request of a path")
        if method not in METHODS:
            raise Unusable(f"{method[:20]}, which a lab.toml does not know")
        if method not in READING and method not in self.methods:
            raise Unusable(f"{method} writes (--method {method} takes it in)")
        if request.status is not None and request.status >= FIRST_ERROR:
            raise Unusable(f"answered {request.status}")
        if path.lower().endswith(_FILES) or path.startswith(_DIRECTORIES):
            raise Unusable("a file, such as an image, a style or a script")

    def body_of(self, request: LoggedRequest) -> str | None:
        """Return a request's body if bodies are wanted and it can be a row; else None."""
        if not self.bodies or request.method in READING or request.body is None:
            return None
        can_be_a_row = len(request.body) <= LONGEST_BODY and is_utf8(request.body)
        return request.body if can_be_a_row else None

    def withheld(self, request: LoggedRequest, query: Query) -> Iterator[str]:
        """Yield what is left out of a request that is taken in."""
        yield from request.withheld
        if request.body and self.body_of(request) is None:
            yield "its body (--bodies takes in those of a HAR file)"
        for name in query.withheld:
            yield f"the field {name[:40]!r} of its query, a secret by its name or form"
