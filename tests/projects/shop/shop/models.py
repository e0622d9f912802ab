"""What the shop sells."""

from django.db import models


class Article(models.Model):
    """One thing that can be bought."""

    name = models.CharField(max_length=100)
    cents = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name
