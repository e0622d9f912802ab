"""The articles, and three of them."""

from django.db import migrations, models


def stock(apps, schema_editor):
    """Something to sell."""
    article = apps.get_model("shop", "Article")
    article.objects.bulk_create(
        article(name=name, cents=cents)
        for name, cents in (("tea", 300), ("cup", 900), ("pot", 2900))
    )


class Migration(migrations.Migration):
    """Makes the table and fills it."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("cents", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunPython(stock, migrations.RunPython.noop),
    ]
