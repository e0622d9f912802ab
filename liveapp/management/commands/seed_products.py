"""`seed_products`: as many products as the scenarios look up."""

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand

from liveapp.models import PRODUCTS, Product


class Command(BaseCommand):
    """Ten thousand products, the same ones each time; does nothing where they are there."""

    help = "Make the products that the scenarios look up, where they are missing."

    def handle(self, **options: Any) -> None:
        """Make what is missing."""
        if Product.objects.count() < PRODUCTS:
            # Whoever seeds at the same time makes the same ones.
            products = [_product(number) for number in range(1, PRODUCTS + 1)]
            Product.objects.bulk_create(products, ignore_conflicts=True)


def _product(number: int) -> Product:
    price = Decimal(100 + 37 * number % 9900) / 100  # 1.00 to 99.99, no pattern to the eye
    return Product(id=number, name=f"Product {number}", price=price)
