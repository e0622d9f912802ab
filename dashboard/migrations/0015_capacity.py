from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0014_mix"),
    ]

    operations = [
        migrations.AlterField(
            model_name="experiment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("claims", "Claims"),
                    ("matrix", "Matrix"),
                    ("mix", "Mix"),
                    ("sweep", "Sweep"),
                    ("survey", "Survey"),
                    ("capacity", "Capacity"),
                ],
                max_length=8,
            ),
        ),
    ]
