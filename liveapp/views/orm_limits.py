"""What the ORM refuses in async code: Django's error, and the bridge that avoids it."""

from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction
from django.http import HttpRequest, JsonResponse

from liveapp.models import Product


async def sync_in_async(request: HttpRequest) -> JsonResponse:
    """Query as in sync code, in an async view: Django refuses."""
    try:
        product = Product.objects.get(id=1)
    except SynchronousOnlyOperation as error:
        return _refused(error)
    return JsonResponse({"name": product.name})


async def atomic_in_async(request: HttpRequest) -> JsonResponse:
    """Open a transaction in an async view: Django refuses, whatever is done inside it."""
    try:
        with transaction.atomic():
            product = await Product.objects.aget(id=1)
    except SynchronousOnlyOperation as error:
        return _refused(error)
    return JsonResponse({"name": product.name})


async def atomic_bridged(request: HttpRequest) -> JsonResponse:
    """Run the whole transaction as sync code, in one call of `sync_to_async`: this works."""
    await sync_to_async(swap_prices)(1, 2)
    return JsonResponse({"swapped": [1, 2]})


@transaction.atomic
def swap_prices(one_id: int, other_id: int) -> None:
    """Swap the prices of two products in a transaction."""
    both = Product.objects.select_for_update().order_by("id").in_bulk([one_id, other_id])
    first, second = both[one_id], both[other_id]
    first.price, second.price = second.price, first.price
    Product.objects.bulk_update([first, second], ["price"])


def _refused(error: SynchronousOnlyOperation) -> JsonResponse:
    """Return Django's error as a response 501: not implemented, but no crash."""
    content = {"refused": type(error).__name__, "message": str(error)}
    return JsonResponse(content, status=501)
