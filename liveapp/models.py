"""What is looked up: the article's product, of which there are ten thousand."""

from django.db import models

PRODUCTS = 10_000  # their ids are 1 to this


class Product(models.Model):
    """Something with a name and a price."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    objects: "models.Manager[Product]" = models.Manager()

    class Meta:
        """Named, so that the views can be imported by who has other applications installed."""

        app_label = "liveapp"

    def __str__(self) -> str:
        return self.name
