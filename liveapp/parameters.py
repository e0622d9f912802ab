"""Parameters of requests, and the response to an invalid one."""

import re

from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse

DEFAULT_DELAY_S = 0.1
MAX_DELAY_S = 10.0


class BadParameter(BadRequest):
    """A refused parameter; Django's response to it is `bad_request` below."""

    def __init__(self, field: str, expected: str, found: str) -> None:
        self.field = field
        super().__init__(f"expected {expected}, found {found!r}")


def delay_s(request: HttpRequest) -> float:
    """Return the seconds to wait, from ?delay=, 0 to 10; raises BadParameter for anything else."""
    return number(
        request, "delay", default=DEFAULT_DELAY_S, low=0, high=MAX_DELAY_S, unit="seconds"
    )


def number(
    request: HttpRequest, name: str, *, default: float, low: float, high: float, unit: str = ""
) -> float:
    """Return a number from the query, `low` to `high`; raises BadParameter for anything else.

    `unit` is part of the message, such as "seconds from 0 to 10".
    """
    text = request.GET.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:  # NaN fails this too
        raise BadParameter(name, f"{unit or 'a number'} from {low:g} to {high:g}", text)
    return value


def whole_number(request: HttpRequest, name: str, *, default: int, low: int, high: int) -> int:
    """Return a whole number from the query, `low` to `high`; raises BadParameter otherwise."""
    text = request.GET.get(name, str(default))
    if not re.fullmatch("-?[0-9]{1,20}", text) or not low <= int(text) <= high:
        raise BadParameter(name, f"a whole number from {low} to {high}", text)
    return int(text)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Return the 400 of this project, with the field and the expected value."""
    field = getattr(exception, "field", None)
    return JsonResponse({"field": field, "message": str(exception)}, status=400)
