"""A message and its echo without a websocket: long polling, as it was done before there were any.

The request hangs in the view, and holds its thread, until the server has something to say.
One sample is one round trip, as with `consumers.py`: the message goes there with the poll and
comes back as its answer, after the same wait. That flatters long polling, since a message of
the client's own would be a second request beside the one that hangs.
"""

import time

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from liveapp.parameters import delay_s


@require_POST
def long_polling(request: HttpRequest) -> HttpResponse:
    """Wait until there is something to say, and say it."""
    time.sleep(delay_s(request))
    return HttpResponse(request.body, content_type="text/plain; charset=utf-8")
