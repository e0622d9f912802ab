"""`seed_products`: creates the products that the scenarios look up."""

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand

from liveapp.models import Product
from liveapp.prepared import PRODUCTS


class Command(BaseCommand):
    """Create ten thousand products, always the same; does nothing if they exist."""

    help = "Create the missing products that the scenarios look up."

    def handle(self, **options: Any) -> None:
        """Create the missing products."""
        if Product.objects.count() < PRODUCTS:
            # A second process that seeds at the same time creates the same ones.
            products = [_product(number) for number in range(1, PRODUCTS + 1)]
            Product.objects.bulk_create(products, ignore_conflicts=True)


def _product(number: int) -> Product:
    price = Decimal(100 + 37 * number % 9900) / 100  # 1.00 to 99.99, without a visible pattern
    return Product(id=number, name=f"Product {number}", price=price)
