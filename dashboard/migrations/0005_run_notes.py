from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("dashboard", "0004_run_claim"),
    ]

    operations = [
        migrations.AddField("run", "name", models.CharField(blank=True, default="", max_length=100)),
        migrations.AddField(
            "run", "notes", models.TextField(blank=True, default="", max_length=10000)
        ),
        migrations.AddField("run", "pinned", models.BooleanField(default=False)),
        migrations.AddField("run", "deleted", models.DateTimeField(null=True)),
    ]
