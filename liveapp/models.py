"""The model to look up: a product."""

from django.db import models


class Product(models.Model):
    """A product with a name and a price."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    objects: "models.Manager[Product]" = models.Manager()

    class Meta:
        """The label is explicit, so that other projects can import the views."""

        app_label = "liveapp"

    def __str__(self) -> str:
        return self.name
