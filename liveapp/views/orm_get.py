"""Looking up a product by its id: one query, or several, as sync and as async code."""

import asyncio

from django.http import HttpRequest, JsonResponse

from liveapp.models import Product
from liveapp.parameters import whole_number

MAX_ID = 2**63 - 1  # the database's maximum; there are PRODUCTS of them
MAX_QUERIES = 100


def sync(request: HttpRequest) -> JsonResponse:
    """One query, in the view's own thread."""
    number = _id(request)
    try:
        product = Product.objects.get(id=number)
    except Product.DoesNotExist:
        return _unknown(number)
    return JsonResponse(_shown(product))


async def async_(request: HttpRequest) -> JsonResponse:
    """One query by `aget`, which Django runs in a thread."""
    number = _id(request)
    try:
        product = await Product.objects.aget(id=number)
    except Product.DoesNotExist:
        return _unknown(number)
    return JsonResponse(_shown(product))


def sync_sequential(request: HttpRequest) -> JsonResponse:
    """Several queries, one after the other."""
    numbers = _numbers(request)
    try:
        products = [Product.objects.get(id=number) for number in numbers]
    except Product.DoesNotExist:
        return _unknown(*numbers)
    return JsonResponse({"products": [_shown(product) for product in products]})


async def async_gather(request: HttpRequest) -> JsonResponse:
    """Several queries at once: a request has one thread for them, so they queue."""
    numbers = _numbers(request)
    products = await asyncio.gather(*(_product_or_none(number) for number in numbers))
    existing = [product for product in products if product]
    if len(existing) < len(numbers):
        return _unknown(*numbers)
    return JsonResponse({"products": [_shown(product) for product in existing]})


async def _product_or_none(number: int) -> Product | None:
    """One of several: an unknown id must not end the wait for the others, which continue."""
    try:
        return await Product.objects.aget(id=number)
    except Product.DoesNotExist:
        return None


def _id(request: HttpRequest) -> int:
    return whole_number(request, "id", default=1, low=1, high=MAX_ID - MAX_QUERIES)


def _numbers(request: HttpRequest) -> list[int]:
    """Return an id for each query, beginning with the given one."""
    first = _id(request)
    queries = whole_number(request, "queries", default=10, low=1, high=MAX_QUERIES)
    return list(range(first, first + queries))


def _shown(product: Product) -> dict[str, str]:
    return {"name": product.name, "price": str(product.price)}


def _unknown(*numbers: int) -> JsonResponse:
    message = f"expected ids of products, found {', '.join(map(str, numbers))}"
    return JsonResponse({"field": "id", "message": message}, status=404)
