"""A query that is slow in the database: the view can only wait."""

from django.conf import settings
from django.db.models import QuerySet, Value
from django.http import HttpRequest, JsonResponse

from liveapp.database_functions import Sleep
from liveapp.databases import POOLED
from liveapp.models import Product
from liveapp.parameters import delay_s


def sync(request: HttpRequest) -> JsonResponse:
    """Wait in the view's thread."""
    return _shown(_slow(request).get())


async def async_(request: HttpRequest) -> JsonResponse:
    """Wait in the thread in which `aget` runs the query: the request's own."""
    return _shown(await _slow(request).aget())


def sync_pooled(request: HttpRequest) -> JsonResponse:
    """The same by a connection of psycopg's pool."""
    if POOLED not in settings.DATABASES:
        return _no_pool()
    return _shown(_slow(request).using(POOLED).get())


async def async_pooled(request: HttpRequest) -> JsonResponse:
    """The same by a connection of psycopg's pool."""
    if POOLED not in settings.DATABASES:
        return _no_pool()
    return _shown(await _slow(request).using(POOLED).aget())


def _slow(request: HttpRequest) -> QuerySet[Product]:
    slept = Sleep(Value(delay_s(request)))
    slow: QuerySet[Product] = Product.objects.filter(id=1).alias(slept=slept).filter(slept="")
    return slow


def _shown(product: Product) -> JsonResponse:
    return JsonResponse({"name": product.name, "price": str(product.price)})


def _no_pool() -> JsonResponse:
    message = "expected LIVEAPP_DATABASE_URL to name a PostgreSQL database: SQLite has no pool"
    return JsonResponse({"message": message}, status=503)
