from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("dashboard", "0010_tested_advice"),
    ]

    operations = [
        migrations.CreateModel(
            "LaneSamples",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("where", models.JSONField(null=True)),
                ("missing", models.TextField(blank=True, default="")),
                (
                    "lane",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        related_name="samples",
                        to="dashboard.runlane",
                    ),
                ),
            ],
            options={"ordering": ("lane__position",)},
        ),
    ]
