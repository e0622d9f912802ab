"""What the ORM does not do in async code: what Django says then, and the bridge that helps."""

from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction
from django.http import HttpRequest, JsonResponse

from liveapp.models import Product


async def sync_in_async(request: HttpRequest) -> JsonResponse:
    """Ask the ORM as sync code does, in an async view: Django refuses."""
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
    """The whole transaction as sync code, in one call across the bridge: this works."""
    await sync_to_async(swap_prices)(1, 2)
    return JsonResponse({"swapped": [1, 2]})


@transaction.atomic
def swap_prices(one_id: int, other_id: int) -> None:
    """Give each of two products the price of the other: both or none."""
    both = Product.objects.select_for_update().order_by("id").in_bulk([one_id, other_id])
    one, other = both[one_id], both[other_id]
    one.price, other.price = other.price, one.price
    Product.objects.bulk_update([one, other], ["price"])


def _refused(error: SynchronousOnlyOperation) -> JsonResponse:
    """What Django said, as an answer of its own: it is not implemented, and nothing has crashed."""
    said = {"refused": type(error).__name__, "message": str(error)}
    return JsonResponse(said, status=501)
