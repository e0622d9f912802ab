from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dashboard', '0003_experiments'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='claim',
            field=models.CharField(blank=True, db_index=True, default='', max_length=100),
        ),
    ]
