from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0013_sampling"),
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
                ],
                max_length=6,
            ),
        ),
    ]
