import django.db.models.deletion
from django.db import migrations, models

import dashboard.models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0012_survey"),
    ]

    operations = [
        migrations.CreateModel(
            "Sampling",
            [
                (
                    "id",
                    models.CharField(
                        default=dashboard.models.new_run_id,
                        editable=False,
                        max_length=8,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("starting", "Starting"),
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="waiting",
                        max_length=11,
                    ),
                ),
                ("project", models.CharField(max_length=100)),
                ("owner_pid", models.IntegerField()),
                ("owner_started", models.FloatField()),
                ("problem", models.TextField(default="")),
                ("scenario", models.CharField(max_length=200)),
                ("log_tail", models.TextField(default="")),
                ("ended", models.DateTimeField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="samplings",
                        to="dashboard.run",
                    ),
                ),
            ],
            options={"ordering": ("-created",)},
        ),
    ]
