"""The same list, written both ways."""

from django.http import JsonResponse

from .models import Article


def articles(request):
    """What there is, read as sync code does."""
    articles = [
        {"name": article.name, "cents": article.cents} for article in Article.objects.order_by("pk")
    ]
    return JsonResponse({"articles": articles})


async def articles_async(request):
    """What there is, read as async code does."""
    articles = [
        {"name": article.name, "cents": article.cents}
        async for article in Article.objects.order_by("pk")
    ]
    return JsonResponse({"articles": articles})
