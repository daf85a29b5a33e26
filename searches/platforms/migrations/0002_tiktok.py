from django.db import migrations


def add(apps, schema_editor):
    apps.get_model("platforms", "Platform").objects.get_or_create(name="tiktok", defaults={"actor": "clockworks/tiktok-scraper"})


class Migration(migrations.Migration):
    dependencies = [("platforms", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
