from typing import Any

from django.db import migrations, models


def to_the_lanes(apps: Any, schema_editor: Any) -> None:
    """What the scenario said of all its lanes was of each of them."""
    run, lane = (apps.get_model("dashboard", name) for name in ("Run", "RunLane"))
    known = run.objects.filter(pk=models.OuterRef("run_id")).values("wait_s")
    lane.objects.update(wait_s=models.Subquery(known))


class Migration(migrations.Migration):

    dependencies = [
        ("dashboard", "0006_run_guess"),
    ]

    operations = [
        migrations.AddField("runlane", "wait_s", models.FloatField(null=True)),
        migrations.RunPython(to_the_lanes, migrations.RunPython.noop),
        migrations.RemoveField("run", "wait_s"),
    ]
