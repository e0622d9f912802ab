"""The same list, written both ways."""

from django.http import JsonResponse

from .models import Article


def articles(request):
    """What there is, read as sync code does."""
    found = [{"name": one.name, "cents": one.cents} for one in Article.objects.order_by("pk")]
    return JsonResponse({"articles": found})


async def articles_async(request):
    """What there is, read as async code does."""
    found = [{"name": one.name, "cents": one.cents} async for one in Article.objects.order_by("pk")]
    return JsonResponse({"articles": found})
