from django.db import migrations

ACTORS = {
    "tiktok": ("clockworks/tiktok-scraper", "apidojo/tiktok-scraper"),
    "douyin": ("natanielsantos/douyin-scraper", ""),
    "xiaohongshu": ("zen-studio/rednote-search-scraper", "easyapi/rednote-xiaohongshu-search-scraper"),
}


def add(apps, schema_editor):
    """A platform that staff have set up already keeps what they chose, and gets the fall-back that belongs to its actor."""
    platforms = apps.get_model("platforms", "Platform").objects
    for name, (actor, fallback) in ACTORS.items():
        platforms.get_or_create(name=name, defaults={"actor": actor})
        platforms.filter(name=name, actor=actor, fallback="").update(fallback=fallback)


class Migration(migrations.Migration):
    dependencies = [("platforms", "0003_fallback_and_health")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
