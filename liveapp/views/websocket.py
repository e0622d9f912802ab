"""A message and its echo without a websocket: long polling.

The request occupies its thread in the view until the server has a message. One sample is one
round trip, as with `consumers.py`: the message is sent with the poll and comes back as its
response, after the same wait. This favours long polling, since in practice the client's message
would be a second request beside the waiting one.
"""

import time

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from liveapp.parameters import delay_s


@require_POST
def long_polling(request: HttpRequest) -> HttpResponse:
    """Wait, then echo the body."""
    time.sleep(delay_s(request))
    return HttpResponse(request.body, content_type="text/plain; charset=utf-8")
