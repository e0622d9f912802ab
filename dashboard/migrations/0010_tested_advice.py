from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("dashboard", "0008_accounts"),
    ]

    operations = [
        migrations.AddField("run", "tested_advice", models.JSONField(null=True)),
        migrations.AddField(
            "run",
            "advised_by",
            models.CharField(blank=True, db_index=True, default="", max_length=8),
        ),
    ]
