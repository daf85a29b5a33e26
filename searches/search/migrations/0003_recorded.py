from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0002_sources'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='recorded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='in the history'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['status', 'recorded_at', 'finished_at'], name='run_unrecorded'),
        ),
    ]
