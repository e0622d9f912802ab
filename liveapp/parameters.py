"""What a request may ask for, and the answer when it asks for something else."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, JsonResponse

DEFAULT_DELAY_S = 0.1
MAX_DELAY_S = 10.0


class BadParameter(BadRequest):
    """A parameter that was refused; Django answers it with `bad_request` below."""

    def __init__(self, field: str, expected: str, found: str) -> None:
        self.field = field
        super().__init__(f"expected {expected}, found {found!r}")


def delay_s(request: HttpRequest) -> float:
    """Seconds to wait, from ?delay=, 0 to 10; raises BadParameter for anything else."""
    text = request.GET.get("delay", str(DEFAULT_DELAY_S))
    try:
        delay = float(text)
    except ValueError:
        delay = float("nan")
    if not 0 <= delay <= MAX_DELAY_S:  # NaN fails this too
        raise BadParameter("delay", f"seconds from 0 to {MAX_DELAY_S:g}", text)
    return delay


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """The 400 of this project: which field, and what was expected of it."""
    field = getattr(exception, "field", None)
    return JsonResponse({"field": field, "message": str(exception)}, status=400)
