"""The types of what answered a lane's requests: its view, an exception, a redirect."""

from typing import TypedDict


class ViewCounts(TypedDict):
    """Complete responses, by whether a view was called."""

    called: int
    not_called: int
    unknown: int
    unknown_redirects: int


class AnswerKind(TypedDict):
    """One kind of exception or redirect, as a probe reports it; a redirect has no type."""

    status: int | None
    type: str | None
    message: str
    where: str | None
    count: int


class ExceptionKind(TypedDict):
    """One kind of exception that requests ended with, and its count."""

    status: int | None
    type: str
    message: str
    where: str | None
    count: int


class RedirectKind(TypedDict):
    """One target of redirects, and its count."""

    status: int | None
    to: str | None
    count: int


class AnswersReport(TypedDict):
    """Where a lane's responses come from."""

    views: ViewCounts
    skipped: dict[str, int]
    exceptions: list[ExceptionKind]
    redirects: list[RedirectKind]
