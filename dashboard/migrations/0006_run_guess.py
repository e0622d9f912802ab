from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("dashboard", "0005_run_notes"),
    ]

    operations = [
        migrations.AddField("run", "guess", models.JSONField(null=True)),
    ]
